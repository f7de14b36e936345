//! Topology keys: for each, the domain of every node as a small number.

use crate::hash::QuickMap;
use crate::snapshot::nodes::Nodes;
use crate::terms::label;

/// A node without the label.
pub const NOWHERE: u32 = u32::MAX;

/// Keys that are kept at once. Pods name them, so there must be a bound; past it all are built anew.
const KEYS_MAXIMUM: usize = 64;
/// Values that no node has any more are kept up to this many beyond twice the nodes.
const VALUES_SLACK: usize = 1024;

pub struct Topology {
    key: u32,
    values: QuickMap<u32, u32>,
    /// By slot.
    pub domains: Vec<u32>,
}

impl Topology {
    /// Domains there are or were.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn set(&mut self, nodes: &Nodes, slot: u32) {
        let at = slot as usize;
        if self.domains.len() <= at {
            self.domains.resize(at + 1, NOWHERE);
        }
        let next = self.values.len() as u32;
        self.domains[at] = match label(&nodes.records[at].labels, self.key) {
            Some(found) => *self.values.entry(found.value).or_insert(next),
            None => NOWHERE,
        };
    }
}

#[derive(Default)]
pub struct Topologies {
    items: Vec<Topology>,
    /// Changes when indices and domains mean something else.
    pub version: u64,
}

impl Topologies {
    pub fn get(&self, index: usize) -> &Topology {
        &self.items[index]
    }

    /// The index of a key, valid until the version changes.
    pub fn of(&mut self, key: u32, nodes: &Nodes) -> usize {
        if let Some(at) = self.items.iter().position(|topology| topology.key == key) {
            return at;
        }
        let mut topology = Topology {
            key,
            values: QuickMap::default(),
            domains: vec![NOWHERE; nodes.slots()],
        };
        for slot in 0..nodes.slots() {
            topology.set(nodes, slot as u32);
        }
        self.items.push(topology);
        self.items.len() - 1
    }

    /// Forgets keys and values where there are too many of them; to be called between decisions.
    pub fn trim(&mut self, nodes: &Nodes) {
        let values = 2 * nodes.len() + VALUES_SLACK;
        let outgrown = self.items.iter().any(|topology| topology.len() > values);
        if outgrown || self.items.len() > KEYS_MAXIMUM {
            self.items.clear();
            self.version += 1;
        }
    }

    /// A node's labels changed, or it left.
    pub fn update(&mut self, nodes: &Nodes, slot: u32) {
        for topology in &mut self.items {
            topology.set(nodes, slot);
        }
    }
}
