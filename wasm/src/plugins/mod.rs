//! The plugins, in kube-scheduler's order. A new one is a file and a line in each list that it belongs to.

pub mod balanced_allocation;
pub mod image_locality;
pub mod node_affinity;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod taint_toleration;

use crate::columns::Columns;
use crate::pod::PodSpec;

/// Why a node was refused. `detail` is the interned resource of `InsufficientScalar`, else 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Refusal {
    pub reason: Reason,
    pub detail: u32,
    /// Removing pods from the node cannot help.
    pub unresolvable: bool,
}

/// The texts stand in TypeScript, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Reason {
    Unschedulable = 0,
    NodeName = 1,
    Taint = 2,
    NodeAffinity = 3,
    Ports = 4,
    TooManyPods = 5,
    InsufficientCpu = 6,
    InsufficientMemory = 7,
    InsufficientStorage = 8,
    InsufficientScalar = 9,
}

impl Refusal {
    pub fn of(reason: Reason, unresolvable: bool) -> Self {
        Refusal {
            reason,
            detail: 0,
            unresolvable,
        }
    }
}

/// A filter pushes at least one refusal, or lets the node pass.
type Filter = fn(&Columns, usize, &PodSpec, &mut Vec<Refusal>);

pub const FILTERS: [(&str, Filter); 6] = [
    ("NodeUnschedulable", node_unschedulable::filter),
    ("NodeName", node_name::filter),
    ("TaintToleration", taint_toleration::filter),
    ("NodeAffinity", node_affinity::filter),
    ("NodePorts", node_ports::filter),
    ("NodeResourcesFit", node_resources_fit::filter),
];

/// Scores one node before normalisation. None: the plugin has nothing to say of this pod and is left out.
type Score = fn(&Columns, usize, &PodSpec) -> i64;

/// How raw scores of all feasible nodes become 0 to 100.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Normalise {
    /// They are already.
    None,
    /// In proportion to the largest.
    Maximum,
    /// The same, the largest being worst.
    ReversedMaximum,
}

pub struct Scorer {
    pub name: &'static str,
    pub weight: i64,
    pub normalise: Normalise,
    /// False leaves the plugin out for this pod.
    pub applies: fn(&PodSpec) -> bool,
    pub score: Score,
}

pub const SCORERS: [Scorer; 5] = [
    Scorer {
        name: "TaintToleration",
        weight: 3,
        normalise: Normalise::ReversedMaximum,
        applies: |_| true,
        score: taint_toleration::score,
    },
    Scorer {
        name: "NodeAffinity",
        weight: 2,
        normalise: Normalise::Maximum,
        applies: |pod| !pod.preferred.is_empty(),
        score: node_affinity::score,
    },
    Scorer {
        name: "NodeResourcesFit",
        weight: 1,
        normalise: Normalise::None,
        applies: |_| true,
        score: node_resources_fit::least_allocated,
    },
    Scorer {
        name: "NodeResourcesBalancedAllocation",
        weight: 1,
        normalise: Normalise::None,
        applies: |pod| pod.requests.cpu > 0 || pod.requests.memory > 0,
        score: balanced_allocation::score,
    },
    Scorer {
        name: "ImageLocality",
        weight: 1,
        normalise: Normalise::None,
        applies: |_| true,
        score: image_locality::score,
    },
];

/// The plugins with their weights, one a line; those that only filter have weight 0.
pub fn listing() -> String {
    let mut lines: Vec<String> = Vec::new();
    for (name, _) in FILTERS {
        let weight = SCORERS
            .iter()
            .find(|scorer| scorer.name == name)
            .map_or(0, |scorer| scorer.weight);
        lines.push(format!("{name}:{weight}"));
    }
    for scorer in &SCORERS {
        if !FILTERS.iter().any(|(name, _)| *name == scorer.name) {
            lines.push(format!("{}:{}", scorer.name, scorer.weight));
        }
    }
    lines.join("\n")
}

/// Normalises raw scores in place.
pub fn normalise(how: Normalise, scores: &mut [i64]) {
    if how == Normalise::None {
        return;
    }
    let maximum = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        *score = match (how, maximum) {
            (Normalise::ReversedMaximum, 0) => 100,
            (_, 0) => 0,
            (Normalise::ReversedMaximum, maximum) => 100 - 100 * *score / maximum,
            (_, maximum) => 100 * *score / maximum,
        };
    }
}
