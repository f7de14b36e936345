//! Taints: NoSchedule and NoExecute refuse, PreferNoSchedule is counted against a node.

use super::{Reason, Refusal};
use crate::columns::{Columns, Taint, PREFER_NO_SCHEDULE};
use crate::pod::{
    PodSpec, Toleration, TOLERATE_EQUAL, TOLERATE_EXISTS, TOLERATE_GREATER, TOLERATE_LESS,
};

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    if toleration
        .effect
        .is_some_and(|effect| effect != taint.effect)
    {
        return false;
    }
    match toleration.key {
        None => toleration.operator == TOLERATE_EXISTS,
        Some(key) if key != taint.key => false,
        Some(_) => match toleration.operator {
            TOLERATE_EXISTS => true,
            TOLERATE_EQUAL => toleration.value == taint.value,
            TOLERATE_LESS => taint.number < toleration.number,
            TOLERATE_GREATER => taint.number > toleration.number,
            _ => false,
        },
    }
}

fn tolerated(pod: &PodSpec, taint: &Taint) -> bool {
    pod.tolerations
        .iter()
        .any(|toleration| tolerates(toleration, taint))
}

pub fn filter(columns: &Columns, slot: usize, pod: &PodSpec, refusals: &mut Vec<Refusal>) {
    let refused = columns.taints[slot]
        .iter()
        .any(|taint| taint.effect != PREFER_NO_SCHEDULE && !tolerated(pod, taint));
    if refused {
        refusals.push(Refusal::of(Reason::Taint, true));
    }
}

/// How many PreferNoSchedule taints the pod does not tolerate. Tolerations of other effects do not count here.
pub fn score(columns: &Columns, slot: usize, pod: &PodSpec) -> i64 {
    columns.taints[slot]
        .iter()
        .filter(|taint| taint.effect == PREFER_NO_SCHEDULE && !tolerated(pod, taint))
        .count() as i64
}
