//! Which interned strings the core still has.

use super::Engine;
use crate::snapshot::Snapshot;

/// A bit for each number that may be a string's.
pub struct Needed {
    marks: Vec<bool>,
}

impl Needed {
    fn one(&mut self, number: u32) {
        if let Some(mark) = self.marks.get_mut(number as usize) {
            *mark = true;
        }
    }

    /// Marks every whole number of a message: a quantity that looks like a string's number keeps that for nothing.
    fn message(&mut self, numbers: &[f64]) {
        for number in numbers {
            if *number >= 1.0 && *number <= f64::from(u32::MAX) {
                self.one(*number as u32);
            }
        }
    }

    fn nodes(&mut self, snapshot: &Snapshot) {
        for node in &snapshot.nodes.records {
            self.one(node.name);
            self.one(node.zone);
            let names = node.scalars.iter().map(|(name, _)| *name);
            let images = node.images.iter().map(|(name, _)| *name);
            let drivers = node.limits.iter().map(|(name, _)| *name);
            let features = node.features.iter().copied();
            for number in names.chain(images).chain(drivers).chain(features) {
                self.one(number);
            }
            for label in &node.labels {
                self.one(label.key);
                self.one(label.value);
            }
            for taint in &node.taints {
                self.one(taint.key);
                self.one(taint.value);
            }
        }
    }

    fn pods(&mut self, snapshot: &Snapshot) {
        for pod in snapshot.pods.iter() {
            self.one(pod.node);
            for (driver, handle) in &pod.volumes {
                self.one(*driver);
                self.one(*handle);
            }
        }
        snapshot.labels.keys().for_each(|key| self.message(key));
        snapshot.shapes.keys().for_each(|key| self.message(key));
        for (name, labels) in &snapshot.namespaces {
            self.one(*name);
            for (key, value) in labels {
                self.one(*key);
                self.one(*value);
            }
        }
    }
}

impl Engine {
    /// Writes the numbers below `count` that are still had. What is remembered of pods seen before is forgotten, with all
    /// that only it needs.
    pub fn needed(&mut self, count: usize, out: &mut Vec<f64>) {
        self.forget();
        self.snapshot.forget();
        let mut needed = Needed {
            marks: vec![false; count],
        };
        needed.message(&self.configuration);
        needed.nodes(&self.snapshot);
        needed.pods(&self.snapshot);
        out.push(0.0);
        let marked = needed.marks.iter().enumerate().filter(|(_, mark)| **mark);
        out.extend(marked.map(|(number, _)| number as f64));
        out[0] = (out.len() - 1) as f64;
    }
}
