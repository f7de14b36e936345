//! Pods come to nodes and leave them: every sum and count follows.

use super::pods::UNPLACED;
use super::Snapshot;

impl Snapshot {
    pub fn touch(&mut self, slot: u32) {
        self.log.push(slot, self.nodes.slots());
    }

    /// Puts a pod that lies nowhere into a slot.
    pub fn place(&mut self, index: u32, slot: u32) {
        let load = &mut self.nodes.loads[slot as usize];
        let Some(pod) = self.pods.get_mut(index) else {
            return;
        };
        pod.slot = slot;
        pod.at = load.pods.len() as u32;
        load.pods.push(index);
        self.count(index, slot, 1);
    }

    /// Takes a pod out of its slot; it lies nowhere then.
    pub fn unplace(&mut self, index: u32) {
        let Some(pod) = self.pods.get_mut(index) else {
            return;
        };
        let (slot, at) = (pod.slot, pod.at as usize);
        if slot == UNPLACED {
            return;
        }
        pod.slot = UNPLACED;
        let list = &mut self.nodes.loads[slot as usize].pods;
        list.swap_remove(at);
        if let Some(moved) = list.get(at).copied() {
            if let Some(pod) = self.pods.get_mut(moved) {
                pod.at = at as u32;
            }
        }
        self.count(index, slot, -1);
    }

    fn count(&mut self, index: u32, slot: u32, sign: i64) {
        let Some(pod) = self.pods.get(index) else {
            return;
        };
        let load = &mut self.nodes.loads[slot as usize];
        load.count += sign;
        for &(driver, handle) in &pod.volumes {
            let known = load
                .volumes
                .iter()
                .position(|(d, h, _)| (*d, *h) == (driver, handle));
            match known {
                Some(at) if sign > 0 => load.volumes[at].2 += 1,
                Some(at) if load.volumes[at].2 > 1 => load.volumes[at].2 -= 1,
                Some(at) => {
                    load.volumes.swap_remove(at);
                }
                None if sign > 0 => load.volumes.push((driver, handle, 1)),
                None => {}
            }
        }
        if let Some(shape) = self.shapes.get(pod.shape) {
            let needs = &shape.needs;
            add(&mut load.requested.cpu, sign, needs.requests.cpu);
            add(&mut load.requested.memory, sign, needs.requests.memory);
            add(&mut load.requested.storage, sign, needs.requests.storage);
            add(&mut load.assumed_cpu, sign, needs.assumed_cpu);
            add(&mut load.assumed_memory, sign, needs.assumed_memory);
            for &(resource, amount) in &needs.scalars {
                let known = load
                    .scalars
                    .iter_mut()
                    .find(|(other, _)| *other == resource);
                match known {
                    Some((_, sum)) => add(sum, sign, amount),
                    None => load.scalars.push((resource, sign * amount)),
                }
            }
            for port in &needs.ports {
                if sign > 0 {
                    load.ports.push(*port);
                } else if let Some(at) = load.ports.iter().position(|other| other == port) {
                    load.ports.swap_remove(at);
                }
            }
            for holding in &shape.holdings {
                self.holdings.count(*holding, slot, sign);
            }
        }
        if let Some(set) = self.labels.get(pod.labels) {
            for (counter, count) in &set.counters {
                if let Some(counter) = self.counters.pool.get_mut(*counter) {
                    if !(pod.terminating && counter.matcher.skips_terminating()) {
                        counter.add(slot, *count, sign);
                    }
                }
            }
        }
        self.touch(slot);
    }

    /// Counts anew what a counter matches.
    pub fn recount(&mut self, index: u32) {
        let Some(counter) = self.counters.pool.get_mut(index) else {
            return;
        };
        counter.nodes.clear();
        for (_, set) in self.labels.iter_mut() {
            let count = counter
                .matcher
                .count(&self.namespaces, set.namespace, &set.labels);
            set.counters.retain(|(other, _)| *other != index);
            if count.hits > 0 {
                set.counters.push((index, count));
            }
        }
        let skip = counter.matcher.skips_terminating();
        for pod in self.pods.iter() {
            if pod.slot == UNPLACED || (skip && pod.terminating) {
                continue;
            }
            let counters = self.labels.get(pod.labels).map(|set| &set.counters);
            // The one that is counted now stands last.
            match counters.and_then(|counters| counters.last()) {
                Some((last, count)) if *last == index => counter.add(pod.slot, *count, 1),
                _ => {}
            }
        }
    }
}

/// Wraps rather than panics where somebody asks for more than sixty-four bits hold: taking it away mends the sum.
fn add(sum: &mut i64, sign: i64, amount: i64) {
    *sum = sum.wrapping_add(sign * amount);
}
