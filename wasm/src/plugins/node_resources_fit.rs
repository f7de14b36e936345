//! What the pod asks for must be free on the node.

use super::{Reason, Refusal, Site, NODE_RESOURCES_FIT};
use crate::amounts::amount_of;

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    let (node, load, needs) = (site.node, site.load, &site.pod.needs);
    if load.count + 1 > node.pods {
        refusals.push(Refusal::of(NODE_RESOURCES_FIT, Reason::TooManyPods, false));
    }
    if needs.asks_nothing() {
        return;
    }
    let (asked, used, allowed) = (&needs.requests, &load.requested, &node.allocatable);
    let plain = [
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
    ];
    for (asked, used, allowed, reason) in plain {
        if asked > 0 && asked > allowed.wrapping_sub(used) {
            refusals.push(Refusal::of(NODE_RESOURCES_FIT, reason, asked > allowed));
        }
    }
    for &(resource, asked) in &needs.scalars {
        if asked == 0 || site.pod.ignored.contains(&resource) {
            continue;
        }
        let allowed = amount_of(&node.scalars, resource);
        if allowed == 0 && site.pod.by_devices.contains(&resource) {
            continue;
        }
        if asked > allowed.wrapping_sub(amount_of(&load.scalars, resource)) {
            refusals.push(Refusal {
                detail: resource,
                ..Refusal::of(
                    NODE_RESOURCES_FIT,
                    Reason::InsufficientScalar,
                    asked > allowed,
                )
            });
        }
    }
}
