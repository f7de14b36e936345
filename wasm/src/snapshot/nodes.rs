//! Nodes as columns by slot. A slot is a node's until it leaves, and then another's.

use crate::amounts::{scalars, Amounts, HostPort, Scalar};
use crate::decode::{DecodeError, Reader};
use crate::hash::QuickMap;
use crate::terms::Label;

/// Effects of a taint, and of a toleration (which may name none).
pub const NO_SCHEDULE: u32 = 1;
pub const PREFER_NO_SCHEDULE: u32 = 2;
pub const NO_EXECUTE: u32 = 3;

#[derive(Clone, Copy, Debug)]
pub struct Taint {
    pub key: u32,
    pub value: u32,
    pub effect: u32,
    pub number: f64,
}

impl PartialEq for Taint {
    fn eq(&self, other: &Self) -> bool {
        // The number follows from the value.
        (self.key, self.value, self.effect) == (other.key, other.value, other.effect)
    }
}

/// A node as its object describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeRecord {
    pub name: u32,
    pub zone: u32,
    pub unschedulable: bool,
    pub allocatable: Amounts,
    pub pods: i64,
    pub scalars: Vec<Scalar>,
    pub labels: Vec<Label>,
    pub taints: Vec<Taint>,
    pub images: Vec<(u32, i64)>,
    pub features: Vec<u32>,
    /// Volumes that can be attached, by driver.
    pub limits: Vec<(u32, i64)>,
}

impl NodeRecord {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut record = NodeRecord {
            name: reader.index()?,
            zone: reader.index()?,
            unschedulable: reader.flag()?,
            allocatable: Amounts::decode(reader)?,
            pods: reader.quantity()?,
            scalars: scalars(reader)?,
            labels: reader.list(|r| {
                Ok(Label {
                    key: r.index()?,
                    value: r.index()?,
                    number: r.number()?,
                })
            })?,
            taints: reader.list(|r| {
                Ok(Taint {
                    key: r.index()?,
                    value: r.index()?,
                    effect: r.index()?,
                    number: r.number()?,
                })
            })?,
            images: reader.list(|r| Ok((r.index()?, r.quantity()?)))?,
            features: reader.list(|r| r.index())?,
            limits: reader.list(|r| Ok((r.index()?, r.quantity()?)))?,
        };
        record.labels.sort_by_key(|label| label.key);
        Ok(record)
    }
}

/// What the pods on a node take, kept as sums while they come and go.
#[derive(Clone, Debug, Default)]
pub struct Load {
    pub requested: Amounts,
    pub assumed_cpu: i64,
    pub assumed_memory: i64,
    pub count: i64,
    pub scalars: Vec<Scalar>,
    pub ports: Vec<HostPort>,
    /// Driver, handle, and how many pods use it.
    pub volumes: Vec<(u32, u32, u32)>,
    /// Indices of the pods.
    pub pods: Vec<u32>,
}

#[derive(Default)]
pub struct Nodes {
    slots: QuickMap<u32, u32>,
    free: Vec<u32>,
    pub records: Vec<NodeRecord>,
    pub loads: Vec<Load>,
    /// Image to the number of nodes that have it.
    pub image_nodes: QuickMap<u32, u32>,
}

impl Nodes {
    /// Nodes there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Slots there are, also those that no node has.
    pub fn slots(&self) -> usize {
        self.records.len()
    }

    pub fn slot(&self, name: u32) -> Option<u32> {
        self.slots.get(&name).copied()
    }

    pub fn name(&self, slot: u32) -> u32 {
        self.records[slot as usize].name
    }

    pub fn add(&mut self, name: u32) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.records.push(NodeRecord::default());
            self.loads.push(Load::default());
            (self.records.len() - 1) as u32
        });
        self.slots.insert(name, slot);
        slot
    }

    /// Replaces what is known of a node. True: the images of nodes changed with it.
    pub fn set(&mut self, slot: u32, record: NodeRecord) -> bool {
        let before = core::mem::replace(&mut self.records[slot as usize], record);
        let now = &self.records[slot as usize].images;
        if before.images == *now {
            return false;
        }
        for (image, _) in &before.images {
            if let Some(count) = self.image_nodes.get_mut(image) {
                *count -= 1;
                if *count == 0 {
                    self.image_nodes.remove(image);
                }
            }
        }
        for (image, _) in now {
            *self.image_nodes.entry(*image).or_insert(0) += 1;
        }
        true
    }

    /// Frees the slot of a node whose pods are gone already.
    pub fn remove(&mut self, name: u32) {
        if let Some(slot) = self.slots.remove(&name) {
            self.set(slot, NodeRecord::default());
            self.loads[slot as usize] = Load::default();
            self.free.push(slot);
        }
    }
}
