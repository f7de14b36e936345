//! Prefers nodes that have the pod's images, weighed by size and by how many nodes have each.

use super::Site;
use crate::snapshot::nodes::Nodes;

const MEBIBYTE: i64 = 1 << 20;
const MINIMUM: i64 = 23 * MEBIBYTE;
const MAXIMUM_PER_CONTAINER: i64 = 1000 * MEBIBYTE;
/// More do not raise the bar: keeps the percentage within 64 bits.
const CONTAINERS_MAXIMUM: i64 = 1 << 20;

pub fn score(site: &Site<'_>, nodes: &Nodes) -> i64 {
    let here = &site.node.images;
    if here.is_empty() || site.pod.images.is_empty() {
        return 0;
    }
    let total = nodes.len() as f64;
    let mut sum = 0i64;
    for image in &site.pod.images {
        if let Some((_, size)) = here.iter().find(|(other, _)| other == image) {
            let having = nodes.image_nodes.get(image).copied().unwrap_or(0);
            let share = (*size as f64 * (f64::from(having) / total)) as i64;
            sum = sum.saturating_add(share);
        }
    }
    let maximum = MAXIMUM_PER_CONTAINER * site.pod.containers.clamp(1, CONTAINERS_MAXIMUM);
    let sum = sum.clamp(MINIMUM, maximum);
    100 * (sum - MINIMUM) / (maximum - MINIMUM)
}
