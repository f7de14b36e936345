//! Taints: NoSchedule and NoExecute refuse, PreferNoSchedule is counted against a node.

use super::{Reason, Refusal, Site, TAINT_TOLERATION};
use crate::placement::{
    Toleration, TOLERATE_EQUAL, TOLERATE_EXISTS, TOLERATE_GREATER, TOLERATE_LESS,
};
use crate::snapshot::nodes::{Taint, PREFER_NO_SCHEDULE};

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

fn tolerated(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations
        .iter()
        .any(|toleration| tolerates(toleration, taint))
}

/// True where one of the taints keeps such a pod away.
pub fn keeps_away(taints: &[Taint], tolerations: &[Toleration]) -> bool {
    taints
        .iter()
        .any(|taint| taint.effect != PREFER_NO_SCHEDULE && !tolerated(tolerations, taint))
}

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    if keeps_away(&site.node.taints, &site.pod.tolerations) {
        refusals.push(Refusal::of(TAINT_TOLERATION, Reason::Taint, true));
    }
}

/// How many PreferNoSchedule taints the pod does not tolerate. Tolerations of other effects do not count here.
pub fn score(site: &Site<'_>) -> i64 {
    site.node
        .taints
        .iter()
        .filter(|taint| taint.effect == PREFER_NO_SCHEDULE)
        .filter(|taint| !tolerated(&site.pod.tolerations, taint))
        .count() as i64
}
