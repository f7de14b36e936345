//! A node attaches so many volumes of a driver; a volume that several pods use counts once.

use super::{Reason, Refusal, Site, NODE_VOLUME_LIMITS};

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    let wanted = &site.pod.volumes;
    if wanted.is_empty() {
        return;
    }
    let attached = &site.load.volumes;
    for &(driver, limit) in &site.node.limits {
        let of_driver = |other: &u32| *other == driver;
        let mut more: Vec<u32> = wanted
            .iter()
            .filter(|(other, handle)| {
                of_driver(other)
                    && !attached
                        .iter()
                        .any(|(other, known, _)| of_driver(other) && known == handle)
            })
            .map(|(_, handle)| *handle)
            .collect();
        more.sort_unstable();
        more.dedup();
        let used = attached.iter().filter(|(other, ..)| of_driver(other));
        if !more.is_empty() && (used.count() + more.len()) as i64 > limit {
            refusals.push(Refusal::of(NODE_VOLUME_LIMITS, Reason::VolumeCount, false));
            return;
        }
    }
}
