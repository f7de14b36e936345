//! Which nodes can take a pod.

use super::local::{Row, EARLY, LATE};
use super::Asked;
use crate::plugins::{Reason, Refusal, NODE_AFFINITY};

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// Slots, in the order in which they were looked at.
    pub feasible: Vec<u32>,
    pub evaluated: usize,
    /// Slots that were looked at, feasible or not, are those of the order from here on.
    pub start: usize,
    /// The feasible nodes' scores that need no normalisation, weighted.
    pub fixed: Vec<i64>,
    /// One of them has taints that count against it; one of them is preferred.
    pub tainted: bool,
    pub preferred: bool,
}

impl Found {
    #[inline]
    fn take(&mut self, slot: u32, row: Row) {
        self.feasible.push(slot);
        self.fixed.push(row.fixed);
        self.tainted |= row.taints != 0;
        self.preferred |= row.affinity != 0;
    }
}

/// What one node is to the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Feasible,
    /// Removing pods may help.
    Resolvable,
    Unresolvable,
}

impl Asked<'_> {
    /// True where no node can be: the names that the pod's affinity asks for contradict each other.
    pub fn contradicts_itself(&self) -> bool {
        self.local.named.as_ref().is_some_and(Vec::is_empty)
    }

    /// The nodes that are looked at, in order.
    pub fn candidates(&self) -> Vec<u32> {
        match &self.local.named {
            None => self.snapshot.order.list().to_vec(),
            Some(names) => names
                .iter()
                .filter_map(|name| self.snapshot.nodes.slot(*name))
                .collect(),
        }
    }

    /// Looks for feasible nodes, from where the last search ended, round and round, until there are enough.
    pub fn search(&mut self) -> Found {
        let mut found = Found::default();
        let nodes = self.snapshot.nodes.len();
        if nodes == 0 || self.contradicts_itself() {
            return found;
        }
        if let Some(slot) = self.made_room() {
            found.take(slot, self.row(slot));
            found.evaluated = 1;
            return found;
        }
        let named = self.local.named.is_some().then(|| self.candidates());
        let count = named.as_ref().map_or(nodes, Vec::len);
        if count == 0 {
            return found;
        }
        let enough = self.profile.enough(count);
        found.start = *self.next_start % count;
        found.feasible.reserve(enough);
        found.fixed.reserve(enough);
        let mut at = found.start;
        for _ in 0..count {
            if found.feasible.len() >= enough {
                break;
            }
            let slot = match &named {
                Some(slots) => slots[at],
                None => self.snapshot.order.list()[at],
            };
            at += 1;
            if at == count {
                at = 0;
            }
            found.evaluated += 1;
            let row = self.row(slot);
            if self.verdict_of(slot, row) == Verdict::Feasible {
                found.take(slot, row);
            }
        }
        *self.next_start = (*self.next_start + found.evaluated) % nodes;
        found
    }

    /// The node on which room was made for the pod, where it is feasible: no other is looked at then.
    fn made_room(&mut self) -> Option<u32> {
        let name = self.nominated?;
        let slot = self.snapshot.nodes.slot(name)?;
        (self.local.is_named(name) && self.verdict(slot) == Verdict::Feasible).then_some(slot)
    }

    #[inline]
    pub fn row(&mut self, slot: u32) -> Row {
        self.local
            .row(self.snapshot, self.profile, slot, &mut self.scratch)
    }

    /// A node's verdict. Nominated pods of the pod's priority or more count as well.
    pub fn verdict(&mut self, slot: u32) -> Verdict {
        let row = self.row(slot);
        self.verdict_of(slot, row)
    }

    #[inline]
    fn verdict_of(&mut self, slot: u32, row: Row) -> Verdict {
        if row.refused {
            return of(row.resolvable);
        }
        if let Some(circle) = &self.circle {
            if let Some(refusal) = circle.refusal(self.snapshot, self.profile, slot) {
                return of(!refusal.unresolvable);
            }
        }
        if row.refused_late {
            return of(row.resolvable);
        }
        if self.snapshot.is_awaited(slot) {
            self.scratch.clear();
            let mut refusals = core::mem::take(&mut self.scratch);
            let refused = self.refused_with_nominated(slot, &mut refusals);
            let resolvable = refusals.iter().all(|refusal| !refusal.unresolvable);
            self.scratch = refusals;
            if refused {
                return of(resolvable);
            }
        }
        Verdict::Feasible
    }

    /// Every reason of the filter that refuses a node first; empty where it is feasible.
    pub fn reasons(&mut self, slot: u32) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if !self.local.is_named(self.snapshot.nodes.name(slot)) {
            refusals.push(Refusal::of(NODE_AFFINITY, Reason::Narrowed, true));
            return refusals;
        }
        if !self.refused_with_nominated(slot, &mut refusals) {
            self.refused_now(slot, &mut refusals);
        }
        refusals
    }

    /// Whether the node refuses as it is at this moment.
    pub fn refused_now(&mut self, slot: u32, refusals: &mut Vec<Refusal>) -> bool {
        let (local, snapshot, profile) = (&self.local, &*self.snapshot, self.profile);
        if local.refuses_now(snapshot, profile, slot, EARLY, refusals) {
            return true;
        }
        if let Some(circle) = &mut self.circle {
            circle.replay(snapshot, &local.placement);
            if let Some(refusal) = circle.refusal(snapshot, profile, slot) {
                refusals.push(refusal);
                return true;
            }
        }
        local.refuses_now(snapshot, profile, slot, LATE, refusals)
    }

    /// Whether the node would refuse with the pods that are nominated to it. False where there are none that count.
    fn refused_with_nominated(&mut self, slot: u32, refusals: &mut Vec<Refusal>) -> bool {
        let expected = self.expected(slot);
        if expected.is_empty() {
            return false;
        }
        for pod in &expected {
            self.snapshot.place(*pod, slot);
        }
        let refused = self.refused_now(slot, refusals);
        for pod in &expected {
            self.snapshot.unplace(*pod);
        }
        if let Some(circle) = &mut self.circle {
            circle.replay(self.snapshot, &self.local.placement);
        }
        refused
    }

    /// Whether the node refuses, with the pods nominated to it and without.
    pub fn refused(&mut self, slot: u32, refusals: &mut Vec<Refusal>) -> bool {
        self.refused_with_nominated(slot, refusals) || self.refused_now(slot, refusals)
    }

    /// Pods that are nominated to a node and count for this one.
    pub fn expected(&self, slot: u32) -> Vec<u32> {
        if !self.snapshot.is_awaited(slot) {
            return Vec::new();
        }
        let name = self.snapshot.nodes.name(slot);
        self.snapshot
            .nominated(name)
            .iter()
            .copied()
            .filter(|index| {
                self.snapshot
                    .pods
                    .get(*index)
                    .is_some_and(|pod| pod.priority >= self.priority && pod.handle != self.handle)
            })
            .collect()
    }
}

fn of(resolvable: bool) -> Verdict {
    if resolvable {
        Verdict::Resolvable
    } else {
        Verdict::Unresolvable
    }
}
