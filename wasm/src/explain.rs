//! Every node's verdict on one pod: which plugin refused it, or its score from each plugin.

use crate::columns::Columns;
use crate::plugins::{normalise, Refusal, FILTERS, SCORERS};
use crate::pod::PodSpec;

/// Writes for each node: name, then 1, the scorers' weighted scores (not a number where left out); or 0, the index of
/// the filter, the number of refusals and each refusal's reason and detail.
pub fn explain(columns: &Columns, pod: &PodSpec, out: &mut Vec<f64>) {
    let mut feasible = Vec::new();
    let mut refused: Vec<(usize, usize, Vec<Refusal>)> = Vec::new();
    for slot in 0..columns.len() {
        let mut refusals = Vec::new();
        let mut by = None;
        for (index, (_, filter)) in FILTERS.iter().enumerate() {
            filter(columns, slot, pod, &mut refusals);
            if !refusals.is_empty() {
                by = Some(index);
                break;
            }
        }
        match by {
            Some(index) => refused.push((slot, index, refusals)),
            None => feasible.push(slot),
        }
    }
    let mut scores: Vec<Option<Vec<i64>>> = Vec::new();
    for scorer in &SCORERS {
        if !(scorer.applies)(pod) {
            scores.push(None);
            continue;
        }
        let mut raw: Vec<i64> = feasible
            .iter()
            .map(|&slot| (scorer.score)(columns, slot, pod))
            .collect();
        normalise(scorer.normalise, &mut raw);
        scores.push(Some(
            raw.iter().map(|score| score * scorer.weight).collect(),
        ));
    }
    out.push((feasible.len() + refused.len()) as f64);
    for (index, &slot) in feasible.iter().enumerate() {
        out.push(f64::from(columns.names[slot]));
        out.push(1.0);
        for column in &scores {
            out.push(
                column
                    .as_ref()
                    .map_or(f64::NAN, |column| column[index] as f64),
            );
        }
    }
    for (slot, filter, refusals) in refused {
        out.push(f64::from(columns.names[slot]));
        out.push(0.0);
        out.push(filter as f64);
        out.push(refusals.len() as f64);
        for refusal in refusals {
            out.push(f64::from(refusal.reason as u32));
            out.push(f64::from(refusal.detail));
        }
    }
}
