//! What would have to leave one node.

use super::candidate::{Candidate, Victim};
use super::options::Options;
use super::NO_FILTER;
use crate::amounts::Amounts;
use crate::cycle::local::LATE;
use crate::cycle::Asked;
use crate::plugins::{Reason, Refusal, NODE_RESOURCES_FIT, POD_TOPOLOGY_SPREAD};

/// What a pod needs where nothing else can stand in its way, and what a node has left of it.
#[derive(Clone, Copy)]
struct Room {
    free: Amounts,
    pods: i64,
}

impl Room {
    fn change(&mut self, needs: &Amounts, sign: i64) {
        self.free.cpu = self.free.cpu.wrapping_add(sign * needs.cpu);
        self.free.memory = self.free.memory.wrapping_add(sign * needs.memory);
        self.free.storage = self.free.storage.wrapping_add(sign * needs.storage);
        self.pods += sign;
    }

    fn takes(&self, needs: &Amounts) -> bool {
        let fits = |asked: i64, free: i64| asked == 0 || asked <= free;
        self.pods >= 1
            && fits(needs.cpu, self.free.cpu)
            && fits(needs.memory, self.free.memory)
            && fits(needs.storage, self.free.storage)
    }
}

impl Asked<'_> {
    /// The victims on one node, or why there are none that help. The snapshot is afterwards as it was.
    pub fn dry_run(&mut self, slot: u32, options: &Options) -> Result<Candidate, Vec<Refusal>> {
        let mut lower = self.lower(slot, options);
        if lower.is_empty() {
            return Err(vec![Refusal::of(NO_FILTER, Reason::NoVictims, true)]);
        }
        if self.only_room_matters(slot) {
            if let Some(candidate) = self.make_room(slot, &mut lower, options) {
                return Ok(candidate);
            }
        }
        for victim in &lower {
            self.snapshot.unplace(victim.index);
        }
        let mut refusals = Vec::new();
        if self.refused(slot, &mut refusals) {
            for victim in &lower {
                self.snapshot.place(victim.index, slot);
            }
            return Err(refusals);
        }
        lower.sort_by(Victim::importance);
        let (violating, others) = self.by_budget(&lower, options);
        let both = !violating.is_empty() && !others.is_empty();
        let mut candidate = Candidate {
            slot,
            victims: Vec::new(),
            violations: 0,
        };
        let violations = violating.len();
        for (index, victim) in violating.into_iter().chain(others).enumerate() {
            self.snapshot.place(victim.index, slot);
            refusals.clear();
            if self.refused(slot, &mut refusals) {
                self.snapshot.unplace(victim.index);
                candidate.violations += u32::from(index < violations);
                candidate.victims.push(victim);
            }
        }
        for victim in &candidate.victims {
            self.snapshot.place(victim.index, slot);
        }
        if let Some(circle) = &mut self.circle {
            circle.replay(self.snapshot, &self.local.placement);
        }
        if both {
            candidate.victims.sort_by(Victim::importance);
        }
        Ok(candidate)
    }

    /// True where CPU, memory, storage and the number of pods are all that pods there take from this one.
    fn only_room_matters(&mut self, slot: u32) -> bool {
        let pod = &self.local.placement;
        let plain = self.circle.is_none()
            && pod.needs.ports.is_empty()
            && pod.needs.scalars.is_empty()
            && pod.volumes.is_empty()
            && self.profile.filters(NODE_RESOURCES_FIT);
        if !plain || !self.expected(slot).is_empty() {
            return false;
        }
        let (local, snapshot, profile) = (&self.local, &*self.snapshot, self.profile);
        let mut refusals = core::mem::take(&mut self.scratch);
        refusals.clear();
        let refused = [
            0..NODE_RESOURCES_FIT,
            NODE_RESOURCES_FIT + 1..POD_TOPOLOGY_SPREAD,
            LATE,
        ]
        .into_iter()
        .any(|range| local.refuses_now(snapshot, profile, slot, range, &mut refusals));
        self.scratch = refusals;
        !refused
    }

    /// The same by sums alone; None where even the end of all of them does not make room.
    fn make_room(&self, slot: u32, lower: &mut [Victim], options: &Options) -> Option<Candidate> {
        let node = &self.snapshot.nodes.records[slot as usize];
        let load = &self.snapshot.nodes.loads[slot as usize];
        let needs = &self.local.placement.needs.requests;
        let mut room = Room {
            free: Amounts {
                cpu: node.allocatable.cpu.wrapping_sub(load.requested.cpu),
                memory: node.allocatable.memory.wrapping_sub(load.requested.memory),
                storage: node
                    .allocatable
                    .storage
                    .wrapping_sub(load.requested.storage),
            },
            pods: node.pods - load.count,
        };
        for victim in lower.iter() {
            room.change(self.requests(victim), 1);
        }
        if !room.takes(needs) {
            return None;
        }
        lower.sort_by(Victim::importance);
        let mut candidate = Candidate {
            slot,
            victims: Vec::new(),
            violations: 0,
        };
        let mut stays = |candidate: &mut Candidate, victim: &Victim| {
            let mut with = room;
            with.change(self.requests(victim), -1);
            let stays = with.takes(needs);
            if stays {
                room = with;
            } else {
                candidate.victims.push(*victim);
            }
            stays
        };
        if !options.has_budgets() {
            for victim in lower.iter() {
                stays(&mut candidate, victim);
            }
            return Some(candidate);
        }
        let (violating, others) = self.by_budget(lower, options);
        for victim in &violating {
            candidate.violations += u32::from(!stays(&mut candidate, victim));
        }
        for victim in &others {
            stays(&mut candidate, victim);
        }
        candidate.victims.sort_by(Victim::importance);
        Some(candidate)
    }

    fn requests(&self, victim: &Victim) -> &Amounts {
        const NOTHING: Amounts = Amounts {
            cpu: 0,
            memory: 0,
            storage: 0,
        };
        self.snapshot
            .pods
            .get(victim.index)
            .and_then(|pod| self.snapshot.shapes.get(pod.shape))
            .map_or(&NOTHING, |shape| &shape.needs.requests)
    }

    /// Parts pods, the most important first, into those whose end would break a budget and the others.
    fn by_budget(&self, pods: &[Victim], options: &Options) -> (Vec<Victim>, Vec<Victim>) {
        let mut allowed = options.allowed.clone();
        pods.iter()
            .partition(|victim| options.take(self.snapshot, victim.index, &mut allowed))
    }

    fn lower(&self, slot: u32, options: &Options) -> Vec<Victim> {
        self.snapshot.nodes.loads[slot as usize]
            .pods
            .iter()
            .filter_map(|index| {
                let pod = self.snapshot.pods.get(*index)?;
                let may = pod.priority < self.priority
                    && options.protected.binary_search(&pod.handle).is_err();
                may.then_some(Victim {
                    index: *index,
                    handle: pod.handle,
                    priority: pod.priority,
                    start: pod.start,
                })
            })
            .collect()
    }
}
