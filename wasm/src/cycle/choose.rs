//! One decision: search, score, choose.

use super::local::Row;
use super::Asked;
use crate::plugins::{Reason, Refusal};
use std::collections::BTreeMap;

/// The outcome for one pod.
#[derive(Debug, Default)]
pub struct Decision {
    /// The chosen node's interned name.
    pub node: Option<u32>,
    pub evaluated: usize,
    pub feasible: usize,
    pub score: i64,
    /// The rule that no node can meet, whatever nodes there are.
    pub contradiction: bool,
    /// Refused nodes where removing pods might help.
    pub resolvable: usize,
    /// Refusals with the number of nodes that gave each; empty where a node was found.
    pub refusals: BTreeMap<Refusal, u32>,
}

impl Decision {
    pub fn encode(&self, out: &mut Vec<f64>) {
        out.push(self.node.map_or(-1.0, f64::from));
        out.push(self.evaluated as f64);
        out.push(self.feasible as f64);
        out.push(self.score as f64);
        out.push(f64::from(u32::from(self.contradiction)));
        out.push(self.resolvable as f64);
        encode_refusals(&self.refusals, out);
    }
}

pub fn encode_refusals(refusals: &BTreeMap<Refusal, u32>, out: &mut Vec<f64>) {
    out.push(refusals.len() as f64);
    for (refusal, count) in refusals {
        encode_refusal(refusal, out);
        out.push(f64::from(*count));
    }
}

pub fn encode_refusal(refusal: &Refusal, out: &mut Vec<f64>) {
    out.push(f64::from(refusal.filter));
    out.push(f64::from(refusal.reason as u32));
    out.push(f64::from(refusal.detail));
    out.push(f64::from(refusal.plugin));
    out.push(f64::from(u32::from(refusal.unresolvable)));
}

/// The index of the largest total. Of several, the one that Go's heap has on top: the first one when the list is read as
/// a heap, each node before its left and its left before its right branch.
pub fn best(totals: &[i64]) -> Option<usize> {
    let maximum = totals.iter().copied().max()?;
    let mut best: Option<usize> = None;
    for (index, total) in totals.iter().enumerate() {
        if *total == maximum && best.is_none_or(|other| is_before(index, other)) {
            best = Some(index);
        }
    }
    best
}

/// Whether one place of a heap comes before another that has a smaller index.
fn is_before(later: usize, earlier: usize) -> bool {
    let (a, b) = (later + 1, earlier + 1);
    let deeper = b.leading_zeros() - a.leading_zeros();
    (a >> deeper) < b
}

impl Asked<'_> {
    pub fn decide(&mut self) -> Decision {
        let mut decision = Decision {
            contradiction: self.contradicts_itself(),
            ..Decision::default()
        };
        let found = self.search();
        decision.evaluated = found.evaluated;
        decision.feasible = found.feasible.len();
        match found.feasible.as_slice() {
            [] => self.account(&mut decision),
            [only] => decision.node = Some(self.snapshot.nodes.name(*only)),
            feasible => {
                let totals = self.totals(&found);
                if let Some(best) = best(&totals) {
                    decision.node = Some(self.snapshot.nodes.name(feasible[best]));
                    decision.score = totals[best];
                }
            }
        }
        decision
    }

    /// What refuses a node for the sake of other pods, where no filter before does.
    fn company_refuses(&self, slot: u32, row: Row) -> Option<Refusal> {
        let circle = self.circle.as_ref().filter(|_| !row.refused)?;
        circle.refusal(self.snapshot, self.profile, slot)
    }

    /// Why no node is feasible.
    fn account(&mut self, decision: &mut Decision) {
        if decision.contradiction {
            return;
        }
        let looked_at = self.candidates();
        // Few reasons are common to many nodes: these are counted by their number first.
        let mut common: Vec<u32> = Vec::new();
        let mut of_company: Vec<(Refusal, u32)> = Vec::new();
        for slot in &looked_at {
            let row = self.row(*slot);
            if !self.snapshot.is_awaited(*slot) {
                if let Some(refusal) = self.company_refuses(*slot, row) {
                    decision.resolvable += usize::from(!refusal.unresolvable);
                    match of_company.iter_mut().find(|(other, _)| *other == refusal) {
                        Some((_, nodes)) => *nodes += 1,
                        None => of_company.push((refusal, 1)),
                    }
                    continue;
                }
                if self.local.reasons(row).is_some() {
                    let at = row.why as usize;
                    if common.len() <= at {
                        common.resize(at + 1, 0);
                    }
                    common[at] += 1;
                    decision.resolvable += usize::from(row.resolvable);
                    continue;
                }
            }
            let refusals = self.reasons(*slot);
            if refusals.iter().all(|refusal| !refusal.unresolvable) {
                decision.resolvable += 1;
            }
            for refusal in refusals {
                *decision.refusals.entry(refusal).or_insert(0) += 1;
            }
        }
        for (refusal, nodes) in of_company {
            *decision.refusals.entry(refusal).or_insert(0) += nodes;
        }
        for (at, nodes) in common
            .into_iter()
            .enumerate()
            .filter(|(_, nodes)| *nodes > 0)
        {
            for refusal in self.local.reasons_at(at) {
                *decision.refusals.entry(*refusal).or_insert(0) += nodes;
            }
        }
        let others = self.snapshot.nodes.len() - looked_at.len();
        if others > 0 {
            let narrowed = Refusal::of(crate::plugins::NODE_AFFINITY, Reason::Narrowed, true);
            decision.refusals.insert(narrowed, others as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::best;

    /// The index on top of Go's `container/heap` after `Init`, the larger total being less.
    fn top_of_heap(totals: &[i64]) -> usize {
        let mut heap: Vec<usize> = (0..totals.len()).collect();
        for start in (0..totals.len() / 2).rev() {
            let mut at = start;
            loop {
                let mut child = 2 * at + 1;
                if child >= heap.len() {
                    break;
                }
                let less = |a: usize, b: usize| totals[heap[a]] > totals[heap[b]];
                if child + 1 < heap.len() && less(child + 1, child) {
                    child += 1;
                }
                if !less(child, at) {
                    break;
                }
                heap.swap(at, child);
                at = child;
            }
        }
        heap[0]
    }

    #[test]
    fn of_equal_totals_the_one_on_top_of_the_heap_is_best() {
        assert_eq!(best(&[]), None);
        let mut state = 1u64;
        for round in 0..20_000usize {
            let totals: Vec<i64> = (0..1 + round % 40)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    (state % 4) as i64
                })
                .collect();
            assert_eq!(best(&totals), Some(top_of_heap(&totals)), "{totals:?}");
        }
    }
}
