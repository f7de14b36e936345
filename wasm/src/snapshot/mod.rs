//! The snapshot: nodes and the pods on them, with every sum and count that decisions read, kept by deltas.

pub mod counters;
pub mod holdings;
pub mod log;
pub mod nodes;
pub mod order;
mod placing;
pub mod pods;
pub mod topology;

use crate::amounts::{volume_uses, Needs};
use crate::body::{section, Body};
use crate::decode::DecodeError;
use crate::hash::QuickMap;
use crate::pool::Pool;
use crate::selector::{AffinityTerms, Namespaces};
use counters::{Counters, Matcher};
use holdings::Holdings;
use log::ChangeLog;
use nodes::{NodeRecord, Nodes};
use order::Order;
use pods::{LabelSet, PodOnNode, Pods, Shape, UNPLACED};
use topology::Topologies;

#[derive(Default)]
pub struct Snapshot {
    pub nodes: Nodes,
    pub order: Order,
    pub pods: Pods,
    pub labels: Pool<LabelSet>,
    pub shapes: Pool<Shape>,
    pub holdings: Holdings,
    pub counters: Counters,
    pub topologies: Topologies,
    pub namespaces: Namespaces,
    pub log: ChangeLog,
    /// Changes when a score of images can be another on every node.
    pub images_version: u64,
    /// Changes when namespaces' labels that a term may select on do.
    pub namespaces_version: u64,
    /// Pods whose node is not there: they count as soon as it comes. By the node's name.
    waiting: QuickMap<u32, Vec<u32>>,
    /// Nominated pods, by the node's name.
    nominated: QuickMap<u32, Vec<u32>>,
    /// By slot: there are such pods.
    awaited: Vec<bool>,
}

impl Snapshot {
    pub fn put_node(&mut self, record: NodeRecord) {
        let name = record.name;
        let known = self.nodes.slot(name);
        let slot = match known {
            Some(slot) if self.nodes.records[slot as usize] == record => return,
            Some(slot) => {
                if self.nodes.records[slot as usize].zone != record.zone {
                    let before = self.nodes.records[slot as usize].zone;
                    self.order.remove(slot, before);
                    self.order.add(slot, record.zone);
                }
                slot
            }
            None => {
                let slot = self.nodes.add(name);
                self.order.add(slot, record.zone);
                slot
            }
        };
        if self.nodes.set(slot, record) || known.is_none() {
            self.images_version += 1;
        }
        self.topologies.update(&self.nodes, slot);
        self.mark_awaited(name);
        self.touch(slot);
        for pod in self.waiting.remove(&name).unwrap_or_default() {
            self.place(pod, slot);
        }
    }

    pub fn remove_node(&mut self, name: u32) {
        let Some(slot) = self.nodes.slot(name) else {
            return;
        };
        // Its pods may outlive it for a while, and the node may come back.
        let left = self.nodes.loads[slot as usize].pods.clone();
        for pod in &left {
            self.unplace(*pod);
        }
        if !left.is_empty() {
            self.waiting.insert(name, left);
        }
        self.order
            .remove(slot, self.nodes.records[slot as usize].zone);
        self.nodes.remove(name);
        self.awaited[slot as usize] = false;
        self.topologies.update(&self.nodes, slot);
        self.images_version += 1;
        self.touch(slot);
    }

    pub fn put_pod(
        &mut self,
        node: u32,
        body: &Body<'_>,
        nominated: bool,
    ) -> Result<(), DecodeError> {
        let volumes = section(body.volumes, volume_uses)?;
        // References are taken before what the handle was gives up its own.
        let shape = self.shape(body.shape)?;
        self.shapes.retain(shape);
        let labels = match self.label_set(body.labels) {
            Ok(labels) => labels,
            Err(error) => {
                self.release_shape(shape);
                return Err(error);
            }
        };
        self.labels.retain(labels);
        self.remove_pod(body.handle);
        let index = self.pods.insert(PodOnNode {
            handle: body.handle,
            node,
            slot: UNPLACED,
            at: 0,
            labels,
            shape,
            priority: body.priority,
            terminating: body.terminating,
            nominated,
            start: body.start,
            volumes: volumes.into(),
        });
        if nominated {
            self.nominated.entry(node).or_default().push(index);
            self.mark_awaited(node);
        } else {
            match self.nodes.slot(node) {
                Some(slot) => self.place(index, slot),
                None => self.waiting.entry(node).or_default().push(index),
            }
        }
        Ok(())
    }

    pub fn remove_pod(&mut self, handle: u32) {
        let Some(index) = self.pods.find(handle) else {
            return;
        };
        let Some(pod) = self.pods.get(index) else {
            return;
        };
        if pod.slot != UNPLACED {
            self.unplace(index);
        } else {
            let node = pod.node;
            let list = if pod.nominated {
                &mut self.nominated
            } else {
                &mut self.waiting
            };
            if let Some(pods) = list.get_mut(&node) {
                pods.retain(|other| *other != index);
                if pods.is_empty() {
                    list.remove(&node);
                }
            }
            self.mark_awaited(node);
        }
        let Some(pod) = self.pods.remove(index) else {
            return;
        };
        self.labels.release(pod.labels);
        self.release_shape(pod.shape);
    }

    fn release_shape(&mut self, index: u32) {
        if let Some(shape) = self.shapes.release(index) {
            for holding in shape.holdings {
                self.holdings.release(holding);
            }
        }
    }

    /// Gives up a nomination; a pod that has its place keeps it.
    pub fn denominate(&mut self, handle: u32) {
        let nominated = self
            .pods
            .find(handle)
            .and_then(|index| self.pods.get(index))
            .is_some_and(|pod| pod.nominated);
        if nominated {
            self.remove_pod(handle);
        }
    }

    pub fn put_namespace(&mut self, name: u32, mut labels: Vec<(u32, u32)>) {
        labels.sort_unstable();
        if self.namespaces.get(&name) != Some(&labels) {
            self.namespaces.insert(name, labels);
            self.namespace_changed();
        }
    }

    pub fn remove_namespace(&mut self, name: u32) {
        if self.namespaces.remove(&name).is_some() {
            self.namespace_changed();
        }
    }

    /// Nominated pods of a node, by index.
    pub fn nominated(&self, node: u32) -> &[u32] {
        self.nominated.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Whether pods are nominated to a slot's node.
    #[inline]
    pub fn is_awaited(&self, slot: u32) -> bool {
        !self.nominated.is_empty() && self.awaited.get(slot as usize) == Some(&true)
    }

    fn mark_awaited(&mut self, node: u32) {
        self.awaited.resize(self.nodes.slots(), false);
        if let Some(slot) = self.nodes.slot(node) {
            self.awaited[slot as usize] = self.nominated.contains_key(&node);
        }
    }

    /// The label set that a section describes; it stays only while something references it.
    fn label_set(&mut self, numbers: &[f64]) -> Result<u32, DecodeError> {
        if let Some(index) = self.labels.find(numbers) {
            return Ok(index);
        }
        let (namespace, labels) = section(numbers, |reader| {
            let namespace = reader.index()?;
            let mut labels = reader.list(|r| Ok((r.index()?, r.index()?)))?;
            labels.sort_unstable();
            Ok((namespace, labels))
        })?;
        let counters = self
            .counters
            .pool
            .iter()
            .map(|(index, counter)| {
                let matcher = &counter.matcher;
                (index, matcher.count(&self.namespaces, namespace, &labels))
            })
            .filter(|(_, count)| count.hits > 0)
            .collect();
        Ok(self.labels.insert(
            numbers,
            LabelSet {
                namespace,
                labels,
                counters,
            },
        ))
    }

    fn shape(&mut self, numbers: &[f64]) -> Result<u32, DecodeError> {
        if let Some(index) = self.shapes.find(numbers) {
            return Ok(index);
        }
        let (terms, needs) = section(numbers, |reader| {
            Ok((AffinityTerms::decode(reader)?, Needs::decode(reader)?))
        })?;
        let holdings = self.holdings.hold(&terms);
        Ok(self.shapes.insert(numbers, Shape { needs, holdings }))
    }

    /// The counter of a matcher: made where there is none, by one walk over the pods.
    pub fn counter(&mut self, matcher: Matcher, selector: &[f64]) -> u32 {
        let key = matcher.key(selector);
        if let Some(index) = self.counters.find(&key) {
            return index;
        }
        while let Some(index) = self.counters.superfluous(self.nodes.slots()) {
            self.counters.pool.remove(index);
            for (_, set) in self.labels.iter_mut() {
                set.counters.retain(|(other, _)| *other != index);
            }
        }
        let index = self.counters.insert(&key, matcher);
        self.recount(index);
        index
    }

    /// Forgets counters and topologies, which come back when they are asked for.
    pub fn forget(&mut self) {
        self.counters = Counters::default();
        for (_, set) in self.labels.iter_mut() {
            set.counters.clear();
        }
        self.topologies.forget();
    }

    fn namespace_changed(&mut self) {
        let selecting: Vec<u32> = self
            .counters
            .pool
            .iter()
            .filter(|(_, counter)| counter.matcher.selects_namespaces())
            .map(|(index, _)| index)
            .collect();
        if selecting.is_empty() && !self.holdings.select_namespaces() {
            return;
        }
        self.namespaces_version += 1;
        for index in selecting {
            self.recount(index);
        }
    }
}
