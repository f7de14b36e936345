//! Prefers nodes on which the pod brings the used fractions of CPU and memory closer together.

use crate::columns::Columns;
use crate::pod::PodSpec;

/// 100 times one minus the spread of the fractions; for two resources the deviation is half their difference.
fn balance(columns: &Columns, slot: usize, cpu: i64, memory: i64) -> i64 {
    let allowed = &columns.allocatable[slot];
    let mut fractions = [0.0f64; 2];
    let mut count = 0;
    for (allowed, requested) in [(allowed.cpu, cpu), (allowed.memory, memory)] {
        if allowed == 0 {
            continue;
        }
        fractions[count] = (requested as f64 / allowed as f64).min(1.0);
        count += 1;
    }
    let deviation = if count == 2 {
        (fractions[0] - fractions[1]).abs() / 2.0
    } else {
        0.0
    };
    ((1.0 - deviation) * 100.0) as i64
}

pub fn score(columns: &Columns, slot: usize, pod: &PodSpec) -> i64 {
    let used = &columns.requested[slot];
    let with = balance(
        columns,
        slot,
        used.cpu + pod.requests.cpu,
        used.memory + pod.requests.memory,
    );
    let without = balance(columns, slot, used.cpu, used.memory);
    50 + (50 + with - without) / 2
}
