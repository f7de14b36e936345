//! Values by the part of a message that describes them: the same part is the same value, held once and counted.

use crate::hash::{of_numbers, same_numbers, QuickMap};

const NONE: u32 = u32::MAX;

struct Item<T> {
    key: Box<[f64]>,
    hash: u64,
    references: u32,
    /// The next item with this hash.
    next: u32,
    value: T,
}

/// Indices are stable while a value is referenced, and used again afterwards.
pub struct Pool<T> {
    items: Vec<Option<Item<T>>>,
    free: Vec<u32>,
    heads: QuickMap<u64, u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool {
            items: Vec::new(),
            free: Vec::new(),
            heads: QuickMap::default(),
        }
    }
}

impl<T> Pool<T> {
    pub fn find(&self, key: &[f64]) -> Option<u32> {
        let mut at = *self.heads.get(&of_numbers(key))?;
        while at != NONE {
            let item = self.items[at as usize].as_ref()?;
            if same_numbers(&item.key, key) {
                return Some(at);
            }
            at = item.next;
        }
        None
    }

    /// Adds a value that is not there yet, without a reference.
    pub fn insert(&mut self, key: &[f64], value: T) -> u32 {
        let hash = of_numbers(key);
        let index = self.free.pop().unwrap_or_else(|| {
            self.items.push(None);
            (self.items.len() - 1) as u32
        });
        let next = self.heads.insert(hash, index).unwrap_or(NONE);
        self.items[index as usize] = Some(Item {
            key: key.into(),
            hash,
            references: 0,
            next,
            value,
        });
        index
    }

    pub fn retain(&mut self, index: u32) {
        if let Some(Some(item)) = self.items.get_mut(index as usize) {
            item.references += 1;
        }
    }

    /// Gives up one reference; answers the value where it was the last.
    pub fn release(&mut self, index: u32) -> Option<T> {
        let item = self.items.get_mut(index as usize)?.as_mut()?;
        item.references = item.references.saturating_sub(1);
        if item.references > 0 {
            return None;
        }
        self.remove(index)
    }

    pub fn remove(&mut self, index: u32) -> Option<T> {
        let item = self.items.get_mut(index as usize)?.take()?;
        if self.heads.get(&item.hash) == Some(&index) {
            if item.next == NONE {
                self.heads.remove(&item.hash);
            } else {
                self.heads.insert(item.hash, item.next);
            }
        } else {
            let mut at = self.heads.get(&item.hash).copied().unwrap_or(NONE);
            while at != NONE {
                let Some(other) = self.items[at as usize].as_mut() else {
                    break;
                };
                if other.next == index {
                    other.next = item.next;
                    break;
                }
                at = other.next;
            }
        }
        self.free.push(index);
        Some(item.value)
    }

    pub fn get(&self, index: u32) -> Option<&T> {
        self.items
            .get(index as usize)?
            .as_ref()
            .map(|item| &item.value)
    }

    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.items
            .get_mut(index as usize)?
            .as_mut()
            .map(|item| &mut item.value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| item.as_ref().map(|item| (index as u32, &item.value)))
    }

    /// The parts of messages that describe the values.
    pub fn keys(&self) -> impl Iterator<Item = &[f64]> {
        self.items
            .iter()
            .filter_map(|item| item.as_ref().map(|item| &*item.key))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.items
            .iter_mut()
            .enumerate()
            .filter_map(|(index, item)| item.as_mut().map(|item| (index as u32, &mut item.value)))
    }

    pub fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
