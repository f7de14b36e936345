//! The strategies by which NodeResourcesFit scores: room that is left, room that is used, or a shape over it.

use super::Site;
use crate::amounts::amount_of;
use crate::profile::{Resource, Strategy};

/// What the node has of a resource, and what would be asked of it with the pod; None where it does not count. Scoring
/// assumes CPU and memory for containers that ask for none where `assumed` is set.
pub fn amounts(
    site: &Site<'_>,
    resource: Resource,
    assumed: bool,
    with_pod: bool,
) -> Option<(i64, i64)> {
    let (node, load, needs) = (site.node, site.load, &site.pod.needs);
    let (allowed, used, asked) = match resource {
        Resource::Cpu if assumed => (node.allocatable.cpu, load.assumed_cpu, needs.assumed_cpu),
        Resource::Cpu => (node.allocatable.cpu, load.requested.cpu, needs.requests.cpu),
        Resource::Memory if assumed => (
            node.allocatable.memory,
            load.assumed_memory,
            needs.assumed_memory,
        ),
        Resource::Memory => (
            node.allocatable.memory,
            load.requested.memory,
            needs.requests.memory,
        ),
        Resource::Storage => (
            node.allocatable.storage,
            load.requested.storage,
            needs.requests.storage,
        ),
        Resource::Scalar(name) => {
            let asked = amount_of(&needs.scalars, name);
            // Pods that do not ask for it are not led to or from it.
            if asked == 0 {
                return None;
            }
            (
                amount_of(&node.scalars, name),
                amount_of(&load.scalars, name),
                asked,
            )
        }
    };
    let requested = if with_pod {
        used.wrapping_add(asked)
    } else {
        used
    };
    (allowed != 0).then_some((allowed, requested))
}

pub fn score(site: &Site<'_>) -> i64 {
    let profile = site.profile;
    let mut sum = 0;
    let mut weights = 0;
    for &(resource, weight) in &profile.fit_resources {
        let Some((allowed, requested)) = amounts(site, resource, true, true) else {
            continue;
        };
        let score = match profile.strategy {
            Strategy::LeastAllocated if requested > allowed => 0,
            Strategy::LeastAllocated => percentage(allowed.wrapping_sub(requested), allowed),
            Strategy::MostAllocated => percentage(requested.min(allowed), allowed),
            Strategy::RequestedToCapacityRatio => {
                let utilization = if requested > allowed {
                    100
                } else {
                    percentage(requested, allowed)
                };
                let score = on_shape(&profile.shape, utilization);
                if score == 0 {
                    continue;
                }
                score
            }
        };
        sum += score * weight;
        weights += weight;
    }
    if weights == 0 {
        return 0;
    }
    match profile.strategy {
        Strategy::RequestedToCapacityRatio => (sum as f64 / weights as f64).round() as i64,
        _ => sum / weights,
    }
}

/// The broken line through the corners; flat before the first and after the last.
fn on_shape(corners: &[(i64, i64)], at: i64) -> i64 {
    let Some(next) = corners
        .iter()
        .position(|(utilization, _)| at <= *utilization)
    else {
        return corners.last().map_or(0, |(_, score)| *score);
    };
    let (to, score) = corners[next];
    let Some((from, before)) = next.checked_sub(1).map(|index| corners[index]) else {
        return score;
    };
    if to == from {
        return score;
    }
    before + (score - before) * (at - from) / (to - from)
}

/// A hundredfold, divided and rounded down. Floating point is the quicker, and as exact up to this size: the quotient's
/// distance from the next whole number is larger than what rounding can move it.
fn percentage(part: i64, whole: i64) -> i64 {
    const EXACT: i64 = 1 << 44;
    if (0..EXACT).contains(&part) && (1..EXACT).contains(&whole) {
        return (part as f64 * 100.0 / whole as f64) as i64;
    }
    part.wrapping_mul(100) / whole
}

#[cfg(test)]
mod tests {
    use super::percentage;

    #[test]
    fn percentages_are_those_of_whole_numbers() {
        let mut state = 88172645463325252u64;
        for _ in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let whole = 1 + (state >> (20 + state % 43)) as i64;
            for per_cent in [0, 1, 29, 57, 58, 99, 100] {
                let exact = whole as i128 * per_cent / 100;
                for part in [exact - 1, exact, exact + 1] {
                    if (0..=i128::from(whole)).contains(&part) {
                        assert_eq!(
                            i128::from(percentage(part as i64, whole)),
                            part * 100 / whole as i128
                        );
                    }
                }
            }
        }
    }
}
