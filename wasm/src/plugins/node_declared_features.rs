//! What a pod needs of the node's own software must be among what the node declares.

use super::{Reason, Refusal, Site, NODE_DECLARED_FEATURES};

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    let declared = &site.node.features;
    if !site
        .pod
        .features
        .iter()
        .all(|feature| declared.contains(feature))
    {
        refusals.push(Refusal::of(NODE_DECLARED_FEATURES, Reason::Features, true));
    }
}
