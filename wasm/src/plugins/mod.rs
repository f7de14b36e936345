//! The plugins, in kube-scheduler's order. A new one is a file and a line in each list that it belongs to. Those here
//! look at one node by itself; topology spread and inter-pod affinity, which look at all of them, stand in `company/`.

pub mod balanced_allocation;
pub mod image_locality;
pub mod node_affinity;
pub mod node_declared_features;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod node_volume_limits;
pub mod normalise;
pub mod resource_scoring;
pub mod taint_toleration;

use crate::placement::Placement;
use crate::profile::Profile;
use crate::snapshot::nodes::{Load, NodeRecord};
use crate::snapshot::pods::Pods;
use crate::snapshot::Snapshot;

/// Why a node was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Refusal {
    /// The filter's index.
    pub filter: u32,
    pub reason: Reason,
    /// The interned resource of `InsufficientScalar`, the interned text of `Extra`, else 0.
    pub detail: u32,
    /// The interned plugin of `Extra`, else 0.
    pub plugin: u32,
    /// Removing pods from the node cannot help.
    pub unresolvable: bool,
}

/// The texts stand in TypeScript, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Reason {
    Unschedulable = 0,
    NodeName,
    Taint,
    NodeAffinity,
    Ports,
    TooManyPods,
    InsufficientCpu,
    InsufficientMemory,
    InsufficientStorage,
    InsufficientScalar,
    EnforcedAffinity,
    VolumeCount,
    Spread,
    SpreadLabel,
    Affinity,
    AntiAffinity,
    ExistingAntiAffinity,
    Features,
    Extra,
    Narrowed,
    NoVictims,
    NotHelpful,
}

impl Refusal {
    pub fn of(filter: usize, reason: Reason, unresolvable: bool) -> Self {
        Refusal {
            filter: filter as u32,
            reason,
            detail: 0,
            plugin: 0,
            unresolvable,
        }
    }
}

/// One node for one pod.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    pub node: &'a NodeRecord,
    pub load: &'a Load,
    pub pod: &'a Placement,
    pub profile: &'a Profile,
    pub pods: &'a Pods,
}

impl<'a> Site<'a> {
    pub fn of(snapshot: &'a Snapshot, profile: &'a Profile, pod: &'a Placement, slot: u32) -> Self {
        Site {
            node: &snapshot.nodes.records[slot as usize],
            load: &snapshot.nodes.loads[slot as usize],
            pod,
            profile,
            pods: &snapshot.pods,
        }
    }
}

pub const NODE_UNSCHEDULABLE: usize = 0;
pub const NODE_NAME: usize = 1;
pub const TAINT_TOLERATION: usize = 2;
pub const NODE_AFFINITY: usize = 3;
pub const NODE_PORTS: usize = 4;
pub const NODE_RESOURCES_FIT: usize = 5;
pub const NODE_VOLUME_LIMITS: usize = 7;
pub const POD_TOPOLOGY_SPREAD: usize = 10;
pub const INTER_POD_AFFINITY: usize = 11;
pub const NODE_DECLARED_FEATURES: usize = 13;

/// Filters by index; plugins that the core does not know share the next one.
pub const FILTERS: usize = 14;

/// Asks one filter: it pushes at least one refusal, or lets the node pass. Those whose rule is found in TypeScript only
/// have their place here.
#[inline]
fn ask(filter: usize, site: &Site<'_>, out: &mut Vec<Refusal>) {
    match filter {
        NODE_UNSCHEDULABLE => node_unschedulable::filter(site, out),
        NODE_NAME => node_name::filter(site, out),
        TAINT_TOLERATION => taint_toleration::filter(site, out),
        NODE_AFFINITY => node_affinity::filter(site, out),
        NODE_PORTS => node_ports::filter(site, out),
        NODE_RESOURCES_FIT => node_resources_fit::filter(site, out),
        NODE_VOLUME_LIMITS => node_volume_limits::filter(site, out),
        NODE_DECLARED_FEATURES => node_declared_features::filter(site, out),
        _ => {}
    }
}

/// The filters that may have something to say of a pod, a bit each.
pub fn concerned(pod: &Placement, profile: &Profile) -> u32 {
    let affinity =
        !pod.node_selector.is_empty() || pod.required.is_some() || profile.added_required.is_some();
    let mut bits = 0;
    for (filter, concerned) in [
        (NODE_UNSCHEDULABLE, true),
        (NODE_NAME, pod.node_name.is_some()),
        (TAINT_TOLERATION, true),
        (NODE_AFFINITY, affinity),
        (NODE_PORTS, !pod.needs.ports.is_empty()),
        (NODE_RESOURCES_FIT, true),
        (NODE_VOLUME_LIMITS, !pod.volumes.is_empty()),
        (NODE_DECLARED_FEATURES, !pod.features.is_empty()),
    ] {
        bits |= u32::from(concerned) << filter;
    }
    for extra in &pod.extras {
        bits |= 1 << extra.filter.min(FILTERS);
    }
    bits & !profile.disabled
}

/// Asks the filters of a range, by index, until one refuses; a plugin's extra rules come after its own. `concerned`: the
/// filters that need to be asked.
#[inline]
pub fn refuse(
    site: &Site<'_>,
    filters: core::ops::Range<usize>,
    concerned: u32,
    out: &mut Vec<Refusal>,
) -> bool {
    let mut left = concerned & ((1u32 << filters.end) - (1u32 << filters.start));
    while left != 0 {
        let filter = left.trailing_zeros() as usize;
        left &= left - 1;
        ask(filter, site, out);
        if out.is_empty() && !site.pod.extras.is_empty() {
            ask_extras(site, filter, out);
        }
        if !out.is_empty() {
            return true;
        }
    }
    false
}

/// All rules of the plugin that refuses first; several plugins that the core does not know share one index.
fn ask_extras(site: &Site<'_>, filter: usize, out: &mut Vec<Refusal>) {
    for extra in &site.pod.extras {
        if out
            .first()
            .is_some_and(|first| first.plugin != extra.plugin)
        {
            continue;
        }
        if extra.filter == filter && !extra.leaves(&site.node.labels, site.node.name, site.pods) {
            out.push(Refusal {
                filter: filter as u32,
                reason: Reason::Extra,
                detail: extra.reason,
                plugin: extra.plugin,
                unresolvable: extra.unresolvable,
            });
        }
    }
}

pub const SCORE_TAINTS: usize = 0;
pub const SCORE_AFFINITY: usize = 1;
pub const SCORE_FIT: usize = 2;
pub const SCORE_SPREAD: usize = 3;
pub const SCORE_COMPANY: usize = 4;
pub const SCORE_BALANCE: usize = 5;
pub const SCORE_IMAGES: usize = 6;
pub const SCORERS: [&str; 7] = [
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "PodTopologySpread",
    "InterPodAffinity",
    "NodeResourcesBalancedAllocation",
    "ImageLocality",
];
