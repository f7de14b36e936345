//! Prefers nodes that have the pod's images, weighed by size and by how many nodes have each.

use crate::columns::Columns;
use crate::pod::PodSpec;

const MEBIBYTE: i64 = 1 << 20;
const MINIMUM: i64 = 23 * MEBIBYTE;
const MAXIMUM_PER_CONTAINER: i64 = 1000 * MEBIBYTE;

pub fn score(columns: &Columns, slot: usize, pod: &PodSpec) -> i64 {
    let here = &columns.images[slot];
    if here.is_empty() || pod.images.is_empty() {
        return 0;
    }
    let nodes = columns.len() as f64;
    let mut sum = 0i64;
    for image in &pod.images {
        if let Some((_, size)) = here.iter().find(|(other, _)| other == image) {
            let spread = f64::from(columns.image_nodes.get(image).copied().unwrap_or(0)) / nodes;
            sum += (*size as f64 * spread) as i64;
        }
    }
    let maximum = MAXIMUM_PER_CONTAINER * pod.containers;
    let sum = sum.clamp(MINIMUM, maximum.max(MINIMUM));
    if maximum <= MINIMUM {
        return 0;
    }
    100 * (sum - MINIMUM) / (maximum - MINIMUM)
}
