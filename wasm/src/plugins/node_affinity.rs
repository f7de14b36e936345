//! nodeSelector and required terms refuse; preferred terms add their weights. The profile may add terms to both.

use super::{Reason, Refusal, Site, NODE_AFFINITY};
use crate::placement::Placement;
use crate::profile::Profile;
use crate::snapshot::nodes::NodeRecord;
use crate::terms::{any_matches, label};

/// What the pod itself asks.
pub fn matches(pod: &Placement, node: &NodeRecord) -> bool {
    pod.node_selector
        .iter()
        .all(|&(key, value)| label(&node.labels, key).is_some_and(|found| found.value == value))
        && any_matches(&pod.required, &node.labels, node.name)
}

pub fn filter(site: &Site<'_>, refusals: &mut Vec<Refusal>) {
    let node = site.node;
    if !any_matches(&site.profile.added_required, &node.labels, node.name) {
        refusals.push(Refusal::of(NODE_AFFINITY, Reason::EnforcedAffinity, true));
    } else if !matches(site.pod, node) {
        refusals.push(Refusal::of(NODE_AFFINITY, Reason::NodeAffinity, true));
    }
}

/// False: there is no preference, and the plugin is left out.
pub fn scores(pod: &Placement, profile: &Profile) -> bool {
    !pod.preferred.is_empty() || !profile.added_preferred.is_empty()
}

pub fn score(site: &Site<'_>) -> i64 {
    site.pod
        .preferred
        .iter()
        .chain(&site.profile.added_preferred)
        .filter(|(_, term)| term.matches(&site.node.labels, site.node.name))
        .map(|(weight, _)| weight)
        .sum()
}
