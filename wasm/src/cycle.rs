//! One decision: filter, score, choose.

use crate::columns::Columns;
use crate::plugins::{normalise, Refusal, FILTERS, SCORERS};
use crate::pod::PodSpec;
use std::collections::BTreeMap;

/// The outcome for one pod.
#[derive(Debug, Default)]
pub struct Decision {
    /// The chosen node's interned name.
    pub node: Option<u32>,
    pub evaluated: usize,
    pub feasible: usize,
    pub score: i64,
    pub next_start: usize,
    /// Refusals with the number of nodes that gave each.
    pub refusals: BTreeMap<Refusal, u32>,
    /// Refused nodes where removing pods might help.
    pub resolvable: Vec<u32>,
}

impl Decision {
    pub fn encode(&self, out: &mut Vec<f64>) {
        out.push(self.node.map_or(-1.0, f64::from));
        out.push(self.evaluated as f64);
        out.push(self.feasible as f64);
        out.push(self.score as f64);
        out.push(self.refusals.len() as f64);
        for (refusal, count) in &self.refusals {
            out.push(f64::from(refusal.reason as u32));
            out.push(f64::from(refusal.detail));
            out.push(if refusal.unresolvable { 1.0 } else { 0.0 });
            out.push(f64::from(*count));
        }
        out.push(self.resolvable.len() as f64);
        out.extend(self.resolvable.iter().map(|name| f64::from(*name)));
    }
}

/// Runs the filters on one node; the first plugin that refuses ends it. False: refused.
pub fn passes(columns: &Columns, slot: usize, pod: &PodSpec, refusals: &mut Vec<Refusal>) -> bool {
    for (_, filter) in FILTERS {
        filter(columns, slot, pod, refusals);
        if !refusals.is_empty() {
            return false;
        }
    }
    true
}

/// Total score of each of the given nodes.
pub fn totals(columns: &Columns, feasible: &[usize], pod: &PodSpec) -> Vec<i64> {
    let mut totals = vec![0i64; feasible.len()];
    let mut raw = vec![0i64; feasible.len()];
    for scorer in &SCORERS {
        if !(scorer.applies)(pod) {
            continue;
        }
        for (score, &slot) in raw.iter_mut().zip(feasible) {
            *score = (scorer.score)(columns, slot, pod);
        }
        normalise(scorer.normalise, &mut raw);
        for (total, score) in totals.iter_mut().zip(&raw) {
            *total += scorer.weight * score;
        }
    }
    totals
}

/// Decides on one pod. Looks at nodes from `start` on, round and round, until enough are feasible.
pub fn schedule(columns: &Columns, pod: &PodSpec, start: usize) -> Decision {
    let nodes = columns.len();
    let mut decision = Decision::default();
    if nodes == 0 {
        return decision;
    }
    let enough = if pod.enough == 0 { nodes } else { pod.enough };
    let mut feasible: Vec<usize> = Vec::new();
    let mut refusals: Vec<Refusal> = Vec::new();
    let start = start % nodes;
    for step in 0..nodes {
        if feasible.len() >= enough {
            break;
        }
        let slot = (start + step) % nodes;
        decision.evaluated += 1;
        refusals.clear();
        if passes(columns, slot, pod, &mut refusals) {
            feasible.push(slot);
            continue;
        }
        if refusals.iter().all(|refusal| !refusal.unresolvable) {
            decision.resolvable.push(columns.names[slot]);
        }
        for refusal in &refusals {
            *decision.refusals.entry(*refusal).or_insert(0) += 1;
        }
    }
    decision.next_start = (start + decision.evaluated) % nodes;
    decision.feasible = feasible.len();
    if feasible.len() == 1 {
        decision.node = Some(columns.names[feasible[0]]);
        return decision;
    }
    let totals = totals(columns, &feasible, pod);
    let mut best: Option<usize> = None;
    for (index, total) in totals.iter().enumerate() {
        if best.is_none_or(|best| *total > totals[best]) {
            best = Some(index);
        }
    }
    if let Some(best) = best {
        decision.node = Some(columns.names[feasible[best]]);
        decision.score = totals[best];
    }
    decision
}
