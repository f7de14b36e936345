//! The snapshot: one column a property of nodes, and what the pods on them take.

use crate::decode::{DecodeError, Reader};
use std::collections::HashMap;

/// Effects of a taint, and of a toleration (which may name none).
pub const NO_SCHEDULE: u32 = 1;
pub const PREFER_NO_SCHEDULE: u32 = 2;
pub const NO_EXECUTE: u32 = 3;

/// A label with its value as a number where it is one: `Gt` and `Lt` compare that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    pub key: u32,
    pub value: u32,
    pub number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taint {
    pub key: u32,
    pub value: u32,
    pub effect: u32,
    pub number: f64,
}

/// A port on the node's own address. `ip` 0 is every address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort {
    pub ip: u32,
    pub protocol: u32,
    pub port: u32,
}

impl HostPort {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(HostPort {
            ip: reader.index()?,
            protocol: reader.index()?,
            port: reader.index()?,
        })
    }

    pub fn clashes(&self, other: &HostPort) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == 0 || other.ip == 0)
    }
}

/// Milli-CPU, bytes of memory, bytes of ephemeral storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    pub cpu: i64,
    pub memory: i64,
    pub storage: i64,
}

impl Amounts {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Amounts {
            cpu: reader.quantity()?,
            memory: reader.quantity()?,
            storage: reader.quantity()?,
        })
    }
}

/// A resource other than the three above.
pub type Scalar = (u32, i64);

pub fn scalars(reader: &mut Reader<'_>) -> Result<Vec<Scalar>, DecodeError> {
    reader.list(|r| Ok((r.index()?, r.quantity()?)))
}

pub struct NodeRecord {
    pub name: u32,
    pub unschedulable: bool,
    pub allocatable: Amounts,
    pub pods: i64,
    pub scalars: Vec<Scalar>,
    pub labels: Vec<Label>,
    pub taints: Vec<Taint>,
    pub images: Vec<(u32, i64)>,
}

impl NodeRecord {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(NodeRecord {
            name: reader.index()?,
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
        })
    }
}

pub struct PodRecord {
    pub handle: u32,
    pub node: u32,
    pub requests: Amounts,
    /// CPU and memory with the defaults that scoring assumes for containers that ask for none.
    pub assumed_cpu: i64,
    pub assumed_memory: i64,
    pub scalars: Vec<Scalar>,
    pub ports: Vec<HostPort>,
}

impl PodRecord {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(PodRecord {
            handle: reader.index()?,
            node: reader.index()?,
            requests: Amounts::decode(reader)?,
            assumed_cpu: reader.quantity()?,
            assumed_memory: reader.quantity()?,
            scalars: scalars(reader)?,
            ports: reader.list(HostPort::decode)?,
        })
    }
}

/// What is used on a node, kept as sums while pods come and go.
#[derive(Default)]
struct Usage {
    pods: HashMap<u32, PodRecord>,
    scalars: Vec<Scalar>,
}

/// Nodes by slot; a slot is stable until nodes leave. Columns that the filters read for every node lie by themselves.
#[derive(Default)]
pub struct Columns {
    slots: HashMap<u32, usize>,
    homes: HashMap<u32, u32>,
    pub names: Vec<u32>,
    pub unschedulable: Vec<bool>,
    pub allocatable: Vec<Amounts>,
    pub pods_allowed: Vec<i64>,
    pub scalars_allowed: Vec<Vec<Scalar>>,
    pub labels: Vec<Vec<Label>>,
    pub taints: Vec<Vec<Taint>>,
    pub images: Vec<Vec<(u32, i64)>>,
    pub requested: Vec<Amounts>,
    pub assumed_cpu: Vec<i64>,
    pub assumed_memory: Vec<i64>,
    pub pods_count: Vec<i64>,
    pub ports: Vec<Vec<HostPort>>,
    usage: Vec<Usage>,
    /// Image to the number of nodes that have it.
    pub image_nodes: HashMap<u32, u32>,
    /// Pods whose node is not known yet: they count as soon as it comes.
    waiting: HashMap<u32, Vec<PodRecord>>,
}

impl Columns {
    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn slot(&self, name: u32) -> Option<usize> {
        self.slots.get(&name).copied()
    }

    /// What pods on the node take of a scalar resource.
    pub fn scalar_used(&self, slot: usize, resource: u32) -> i64 {
        find(&self.usage[slot].scalars, resource)
    }

    pub fn scalar_allowed(&self, slot: usize, resource: u32) -> i64 {
        find(&self.scalars_allowed[slot], resource)
    }

    pub fn put_node(&mut self, mut record: NodeRecord) {
        record.labels.sort_by_key(|label| label.key);
        let slot = match self.slots.get(&record.name) {
            Some(&slot) => slot,
            None => self.add_slot(record.name),
        };
        for (image, _) in core::mem::take(&mut self.images[slot]) {
            self.count_image(image, -1);
        }
        for &(image, _) in &record.images {
            self.count_image(image, 1);
        }
        self.unschedulable[slot] = record.unschedulable;
        self.allocatable[slot] = record.allocatable;
        self.pods_allowed[slot] = record.pods;
        self.scalars_allowed[slot] = record.scalars;
        self.labels[slot] = record.labels;
        self.taints[slot] = record.taints;
        self.images[slot] = record.images;
        for pod in self.waiting.remove(&record.name).unwrap_or_default() {
            self.place(slot, pod);
        }
    }

    pub fn remove_node(&mut self, name: u32) {
        let Some(slot) = self.slots.remove(&name) else {
            return;
        };
        for (image, _) in core::mem::take(&mut self.images[slot]) {
            self.count_image(image, -1);
        }
        // Its pods may outlive it for a while, and the node may come back.
        let left: Vec<PodRecord> = core::mem::take(&mut self.usage[slot].pods)
            .into_values()
            .collect();
        if !left.is_empty() {
            self.waiting.insert(name, left);
        }
        self.names.remove(slot);
        self.unschedulable.remove(slot);
        self.allocatable.remove(slot);
        self.pods_allowed.remove(slot);
        self.scalars_allowed.remove(slot);
        self.labels.remove(slot);
        self.taints.remove(slot);
        self.images.remove(slot);
        self.requested.remove(slot);
        self.assumed_cpu.remove(slot);
        self.assumed_memory.remove(slot);
        self.pods_count.remove(slot);
        self.ports.remove(slot);
        self.usage.remove(slot);
        for (index, &name) in self.names.iter().enumerate().skip(slot) {
            self.slots.insert(name, index);
        }
    }

    pub fn put_pod(&mut self, record: PodRecord) {
        self.remove_pod(record.handle);
        self.homes.insert(record.handle, record.node);
        match self.slots.get(&record.node) {
            Some(&slot) => self.place(slot, record),
            None => self.waiting.entry(record.node).or_default().push(record),
        }
    }

    pub fn remove_pod(&mut self, handle: u32) {
        let Some(node) = self.homes.remove(&handle) else {
            return;
        };
        let Some(&slot) = self.slots.get(&node) else {
            if let Some(pods) = self.waiting.get_mut(&node) {
                pods.retain(|pod| pod.handle != handle);
                if pods.is_empty() {
                    self.waiting.remove(&node);
                }
            }
            return;
        };
        let Some(pod) = self.usage[slot].pods.remove(&handle) else {
            return;
        };
        self.sum(slot, &pod, -1);
        for port in &pod.ports {
            if let Some(at) = self.ports[slot].iter().position(|other| other == port) {
                self.ports[slot].swap_remove(at);
            }
        }
    }

    fn place(&mut self, slot: usize, pod: PodRecord) {
        self.sum(slot, &pod, 1);
        self.ports[slot].extend_from_slice(&pod.ports);
        self.usage[slot].pods.insert(pod.handle, pod);
    }

    fn sum(&mut self, slot: usize, pod: &PodRecord, sign: i64) {
        let requested = &mut self.requested[slot];
        requested.cpu += sign * pod.requests.cpu;
        requested.memory += sign * pod.requests.memory;
        requested.storage += sign * pod.requests.storage;
        self.assumed_cpu[slot] += sign * pod.assumed_cpu;
        self.assumed_memory[slot] += sign * pod.assumed_memory;
        self.pods_count[slot] += sign;
        for &(resource, amount) in &pod.scalars {
            let used = &mut self.usage[slot].scalars;
            match used.iter_mut().find(|(other, _)| *other == resource) {
                Some((_, sum)) => *sum += sign * amount,
                None => used.push((resource, sign * amount)),
            }
        }
    }

    fn count_image(&mut self, image: u32, step: i64) {
        let count = self.image_nodes.entry(image).or_insert(0);
        *count = (i64::from(*count) + step).max(0) as u32;
        if *count == 0 {
            self.image_nodes.remove(&image);
        }
    }

    fn add_slot(&mut self, name: u32) -> usize {
        let slot = self.names.len();
        self.slots.insert(name, slot);
        self.names.push(name);
        self.unschedulable.push(false);
        self.allocatable.push(Amounts::default());
        self.pods_allowed.push(0);
        self.scalars_allowed.push(Vec::new());
        self.labels.push(Vec::new());
        self.taints.push(Vec::new());
        self.images.push(Vec::new());
        self.requested.push(Amounts::default());
        self.assumed_cpu.push(0);
        self.assumed_memory.push(0);
        self.pods_count.push(0);
        self.ports.push(Vec::new());
        self.usage.push(Usage::default());
        slot
    }
}

fn find(scalars: &[Scalar], resource: u32) -> i64 {
    scalars
        .iter()
        .find(|(other, _)| *other == resource)
        .map_or(0, |(_, amount)| *amount)
}
