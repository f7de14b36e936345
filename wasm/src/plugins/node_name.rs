//! A pod that names its node goes there or nowhere.

use super::{Reason, Refusal, Site, NODE_NAME};

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    if site
        .pod
        .node_name
        .is_some_and(|name| name != site.node.name)
    {
        refusals.push(Refusal::of(NODE_NAME, Reason::NodeName, true));
    }
}
