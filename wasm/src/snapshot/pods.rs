//! Pods on nodes, as few numbers each: labels and shapes are shared.

use crate::amounts::{Needs, VolumeUse};
use crate::hash::QuickMap;
use crate::snapshot::counters::Count;

/// A namespace with labels, and what is known to match them.
pub struct LabelSet {
    pub namespace: u32,
    /// Sorted by key.
    pub labels: Vec<(u32, u32)>,
    /// The counters that count pods with these labels, and how much.
    pub counters: Vec<(u32, Count)>,
}

/// What pods of one template have in common.
pub struct Shape {
    pub needs: Needs,
    pub holdings: Vec<u32>,
}

/// A pod whose node is not known, or that is only nominated, lies in no slot.
pub const UNPLACED: u32 = u32::MAX;

pub struct PodOnNode {
    pub handle: u32,
    pub node: u32,
    pub slot: u32,
    /// Its place in the node's list.
    pub at: u32,
    pub labels: u32,
    pub shape: u32,
    pub priority: i32,
    pub terminating: bool,
    pub nominated: bool,
    pub start: f64,
    pub volumes: Box<[VolumeUse]>,
}

#[derive(Default)]
pub struct Pods {
    index: QuickMap<u32, u32>,
    items: Vec<Option<PodOnNode>>,
    free: Vec<u32>,
}

impl Pods {
    pub fn find(&self, handle: u32) -> Option<u32> {
        self.index.get(&handle).copied()
    }

    /// Whether a pod is on a node at this moment.
    pub fn is_placed(&self, handle: u32) -> bool {
        self.find(handle)
            .and_then(|index| self.get(index))
            .is_some_and(|pod| pod.slot != UNPLACED)
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    pub fn insert(&mut self, pod: PodOnNode) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.items.push(None);
            (self.items.len() - 1) as u32
        });
        self.index.insert(pod.handle, index);
        self.items[index as usize] = Some(pod);
        index
    }

    pub fn remove(&mut self, index: u32) -> Option<PodOnNode> {
        let pod = self.items.get_mut(index as usize)?.take()?;
        self.index.remove(&pod.handle);
        self.free.push(index);
        Some(pod)
    }

    pub fn get(&self, index: u32) -> Option<&PodOnNode> {
        self.items.get(index as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, index: u32) -> Option<&mut PodOnNode> {
        self.items.get_mut(index as usize)?.as_mut()
    }

    pub fn iter(&self) -> impl Iterator<Item = &PodOnNode> {
        self.items.iter().flatten()
    }
}
