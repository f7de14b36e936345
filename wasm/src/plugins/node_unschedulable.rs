//! A cordoned node takes only pods that tolerate the taint it stands for.

use super::{Reason, Refusal, Site, NODE_UNSCHEDULABLE};

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    if site.node.unschedulable && !site.pod.tolerates_unschedulable {
        refusals.push(Refusal::of(NODE_UNSCHEDULABLE, Reason::Unschedulable, true));
    }
}
