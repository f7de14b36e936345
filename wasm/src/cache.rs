//! A few values by the part of a message that describes them; the longest unused goes first.

use crate::hash::{of_numbers, same_numbers};

struct Entry<T> {
    hash: u64,
    key: Box<[f64]>,
    used: u64,
    value: T,
}

pub struct Cache<T> {
    entries: Vec<Entry<T>>,
    maximum: usize,
    clock: u64,
}

impl<T> Cache<T> {
    pub fn new(maximum: usize) -> Self {
        Cache {
            entries: Vec::new(),
            maximum,
            clock: 0,
        }
    }

    pub fn find(&mut self, key: &[f64]) -> Option<usize> {
        let hash = of_numbers(key);
        let at = self
            .entries
            .iter()
            .position(|entry| entry.hash == hash && same_numbers(&entry.key, key))?;
        self.clock += 1;
        self.entries[at].used = self.clock;
        Some(at)
    }

    /// Adds a value that is not there; answers its place, and what had to go for it.
    pub fn insert(&mut self, key: &[f64], value: T) -> (usize, Option<T>) {
        self.clock += 1;
        let entry = Entry {
            hash: of_numbers(key),
            key: key.into(),
            used: self.clock,
            value,
        };
        if self.entries.len() < self.maximum {
            self.entries.push(entry);
            return (self.entries.len() - 1, None);
        }
        let oldest = (0..self.entries.len()).min_by_key(|at| self.entries[*at].used);
        let at = oldest.unwrap_or(0);
        let before = core::mem::replace(&mut self.entries[at], entry);
        (at, Some(before.value))
    }

    pub fn get_mut(&mut self, at: usize) -> &mut T {
        &mut self.entries[at].value
    }

    pub fn drain(&mut self) -> Vec<T> {
        self.entries.drain(..).map(|entry| entry.value).collect()
    }
}
