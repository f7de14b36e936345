//! Which nodes changed, in order: caches replay what they have not seen.

use std::cell::Cell;

/// Changes that are remembered at most, for each node; a cache that is further behind starts anew.
const CHANGES_PER_NODE: usize = 4;
const CHANGES_MINIMUM: usize = 4096;

#[derive(Default)]
pub struct ChangeLog {
    base: u64,
    slots: Vec<u32>,
    /// How far the furthest reader is: what it has not seen need not be said twice.
    read: Cell<u64>,
}

impl ChangeLog {
    /// Where a reader is that has seen everything.
    pub fn now(&self) -> u64 {
        let now = self.base + self.slots.len() as u64;
        self.read.set(now);
        now
    }

    pub fn push(&mut self, slot: u32, nodes: usize) {
        let unread = self.read.get() < self.base + self.slots.len() as u64;
        if unread && self.slots.last() == Some(&slot) {
            return;
        }
        if self.slots.len() >= CHANGES_MINIMUM.max(nodes * CHANGES_PER_NODE) {
            let half = self.slots.len() / 2;
            self.slots.drain(..half);
            self.base += half as u64;
        }
        self.slots.push(slot);
    }

    /// The changes since then; None where they are not remembered any more.
    pub fn since(&self, epoch: u64) -> Option<&[u32]> {
        let from = epoch.checked_sub(self.base)?;
        self.slots.get(from as usize..)
    }
}
