//! Two pods cannot have the same port of one node.

use super::{Reason, Refusal, Site, NODE_PORTS};

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    let taken = &site.load.ports;
    let wanted = &site.pod.needs.ports;
    if wanted
        .iter()
        .any(|port| taken.iter().any(|other| port.clashes(other)))
    {
        refusals.push(Refusal::of(NODE_PORTS, Reason::Ports, false));
    }
}
