//! nodeSelector and required terms refuse; preferred terms add their weights.

use super::{Reason, Refusal};
use crate::columns::Columns;
use crate::pod::{label, PodSpec};

pub fn filter(columns: &Columns, slot: usize, pod: &PodSpec, refusals: &mut Vec<Refusal>) {
    let labels = &columns.labels[slot];
    let selected = pod
        .node_selector
        .iter()
        .all(|&(key, value)| label(labels, key).is_some_and(|found| found.value == value));
    let required = pod.required.as_ref().is_none_or(|terms| {
        terms
            .iter()
            .any(|term| term.matches(labels, columns.names[slot]))
    });
    if !selected || !required {
        refusals.push(Refusal::of(Reason::NodeAffinity, true));
    }
}

pub fn score(columns: &Columns, slot: usize, pod: &PodSpec) -> i64 {
    pod.preferred
        .iter()
        .filter(|(_, term)| term.matches(&columns.labels[slot], columns.names[slot]))
        .map(|(weight, _)| weight)
        .sum()
}
