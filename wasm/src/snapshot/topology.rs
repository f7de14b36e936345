//! Topology keys: for each, the domain of every node as a small number.

use crate::hash::QuickMap;
use crate::snapshot::nodes::Nodes;
use crate::terms::label;

/// A node without the label.
pub const NOWHERE: u32 = u32::MAX;

/// Keys that are kept at once: those that a node has, and those that pods name and no node has. Past that all are built
/// anew.
const KEYS_MAXIMUM: usize = 256;
const UNKNOWN_KEYS_MAXIMUM: usize = 1 << 16;
/// Values that no node has any more are kept up to this many beyond twice the nodes.
const VALUES_SLACK: usize = 1024;

pub struct Topology {
    key: u32,
    values: QuickMap<u32, u32>,
    /// By slot, as far as nodes have the label: a key that no node has takes no room.
    domains: Vec<u32>,
}

impl Topology {
    /// Domains there are or were.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    #[inline]
    pub fn domain(&self, slot: u32) -> u32 {
        self.domains.get(slot as usize).copied().unwrap_or(NOWHERE)
    }

    fn set(&mut self, nodes: &Nodes, slot: u32) {
        let at = slot as usize;
        let next = self.values.len() as u32;
        let domain = match label(&nodes.records[at].labels, self.key) {
            Some(found) => *self.values.entry(found.value).or_insert(next),
            None => NOWHERE,
        };
        if self.domains.len() <= at {
            if domain == NOWHERE {
                return;
            }
            self.domains.resize(nodes.slots().max(at + 1), NOWHERE);
        }
        self.domains[at] = domain;
    }
}

#[derive(Default)]
pub struct Topologies {
    items: Vec<Topology>,
    index: QuickMap<u32, usize>,
    /// Changes when indices and domains mean something else.
    pub version: u64,
}

impl Topologies {
    pub fn get(&self, index: usize) -> &Topology {
        &self.items[index]
    }

    /// The index of a key, valid until the version changes.
    pub fn of(&mut self, key: u32, nodes: &Nodes) -> usize {
        if let Some(at) = self.index.get(&key) {
            return *at;
        }
        let mut topology = Topology {
            key,
            values: QuickMap::default(),
            domains: Vec::new(),
        };
        for slot in 0..nodes.slots() {
            topology.set(nodes, slot as u32);
        }
        self.items.push(topology);
        self.index.insert(key, self.items.len() - 1);
        self.items.len() - 1
    }

    /// Forgets keys and values where there are too many of them; to be called between decisions.
    pub fn trim(&mut self, nodes: &Nodes) {
        let values = 2 * nodes.len() + VALUES_SLACK;
        let outgrown = self.items.iter().any(|topology| topology.len() > values);
        let known = self.items.iter().filter(|topology| !topology.is_empty());
        if outgrown || known.count() > KEYS_MAXIMUM || self.items.len() > UNKNOWN_KEYS_MAXIMUM {
            self.forget();
        }
    }

    pub fn forget(&mut self) {
        self.items.clear();
        self.index.clear();
        self.version += 1;
    }

    /// A node's labels changed, or it left.
    pub fn update(&mut self, nodes: &Nodes, slot: u32) {
        for topology in &mut self.items {
            let unknown = topology.is_empty();
            topology.set(nodes, slot);
            // Nothing was counted for a key that no node had.
            if unknown && !topology.is_empty() {
                self.version += 1;
            }
        }
    }
}
