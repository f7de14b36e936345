//! What the pod asks for must be free on the node; the more stays free, the better.

use super::{Reason, Refusal};
use crate::columns::Columns;
use crate::pod::PodSpec;

pub fn filter(columns: &Columns, slot: usize, pod: &PodSpec, refusals: &mut Vec<Refusal>) {
    if columns.pods_count[slot] + 1 > columns.pods_allowed[slot] {
        refusals.push(Refusal::of(Reason::TooManyPods, false));
    }
    if pod.asks_nothing() {
        return;
    }
    let allowed = &columns.allocatable[slot];
    let used = &columns.requested[slot];
    let asked = &pod.requests;
    for (asked, used, allowed, reason) in [
        (asked.cpu, used.cpu, allowed.cpu, Reason::InsufficientCpu),
        (
            asked.memory,
            used.memory,
            allowed.memory,
            Reason::InsufficientMemory,
        ),
        (
            asked.storage,
            used.storage,
            allowed.storage,
            Reason::InsufficientStorage,
        ),
    ] {
        if asked > 0 && asked > allowed - used {
            refusals.push(Refusal::of(reason, asked > allowed));
        }
    }
    for &(resource, asked) in &pod.scalars {
        let allowed = columns.scalar_allowed(slot, resource);
        if asked > 0 && asked > allowed - columns.scalar_used(slot, resource) {
            refusals.push(Refusal {
                reason: Reason::InsufficientScalar,
                detail: resource,
                unresolvable: asked > allowed,
            });
        }
    }
}

/// LeastAllocated over CPU and memory with weight 1 each; a resource that the node does not have is left out.
pub fn least_allocated(columns: &Columns, slot: usize, pod: &PodSpec) -> i64 {
    let allowed = &columns.allocatable[slot];
    let mut sum = 0;
    let mut weights = 0;
    for (allowed, requested) in [
        (allowed.cpu, columns.assumed_cpu[slot] + pod.assumed_cpu),
        (
            allowed.memory,
            columns.assumed_memory[slot] + pod.assumed_memory,
        ),
    ] {
        if allowed == 0 {
            continue;
        }
        weights += 1;
        if requested <= allowed {
            sum += (allowed - requested) * 100 / allowed;
        }
    }
    if weights == 0 {
        0
    } else {
        sum / weights
    }
}
