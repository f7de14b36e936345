//! PodTopologySpread: pods that a selector matches lie evenly over the domains of a key.

use super::tally::{Column, Tally};
use crate::placement::{Placement, Spread, Spreads};
use crate::plugins::taint_toleration::keeps_away;
use crate::plugins::{node_affinity, Reason, Refusal, POD_TOPOLOGY_SPREAD};
use crate::selector::PodLabels;
use crate::snapshot::counters::Matcher;
use crate::snapshot::topology::NOWHERE;
use crate::snapshot::Snapshot;

/// One constraint with the numbers of its domains.
pub struct Constraint {
    max_skew: i64,
    min_domains: i64,
    honor_affinity: bool,
    honor_taints: bool,
    /// The pod itself will be one more in its domain.
    own: i64,
    /// None where the selector is empty: no pod counts then.
    counter: Option<u32>,
    hostname: bool,
    tally: Tally,
    /// What an evenly spread domain has; as of the last refresh.
    minimum: i64,
}

/// The constraints of one kind: those that refuse, or those that score.
#[derive(Default)]
pub struct Constraints {
    list: Vec<Constraint>,
    /// A node must have every key to count.
    all_keys: bool,
}

impl Constraints {
    pub fn of(
        snapshot: &mut Snapshot,
        spreads: &Spreads,
        required: bool,
        namespace: u32,
        labels: &PodLabels,
        hostname: u32,
    ) -> Self {
        let list = spreads
            .constraints
            .iter()
            .filter(|spread| spread.required == required)
            .map(|spread| constraint(snapshot, spread, namespace, labels, hostname))
            .collect();
        Constraints {
            list,
            all_keys: required || !spreads.lenient,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn counters(&self) -> impl Iterator<Item = u32> + '_ {
        self.list.iter().filter_map(|constraint| constraint.counter)
    }

    fn has_all_keys(&self, snapshot: &Snapshot, slot: u32) -> bool {
        !self.all_keys
            || self
                .list
                .iter()
                .all(|constraint| constraint.tally.domain_of(snapshot, slot) != NOWHERE)
    }

    pub fn update(&mut self, snapshot: &Snapshot, pod: &Placement, slot: u32) {
        if self.list.is_empty() {
            return;
        }
        let has_keys = self.has_all_keys(snapshot, slot);
        let node = &snapshot.nodes.records[slot as usize];
        for constraint in &mut self.list {
            let counts = has_keys
                && (!constraint.honor_affinity || node_affinity::matches(pod, node))
                && (!constraint.honor_taints || !keeps_away(&node.taints, &pod.tolerations));
            constraint.tally.update(snapshot, slot, counts);
        }
    }

    /// To be called after updates, before nodes are asked about.
    pub fn settle(&mut self) {
        for constraint in &mut self.list {
            let tally = &constraint.tally;
            constraint.minimum = if constraint.min_domains > tally.populated as i64 {
                0
            } else {
                tally.minimum().unwrap_or(i64::from(i32::MAX))
            };
        }
    }

    #[inline]
    pub fn refusal(&self, snapshot: &Snapshot, slot: u32) -> Option<Refusal> {
        for constraint in &self.list {
            let domain = constraint.tally.domain_of(snapshot, slot);
            if domain == NOWHERE {
                return Some(Refusal::of(POD_TOPOLOGY_SPREAD, Reason::SpreadLabel, true));
            }
            let there = constraint.tally.domain(domain).sum;
            if there + constraint.own - constraint.minimum > constraint.max_skew {
                return Some(Refusal::of(POD_TOPOLOGY_SPREAD, Reason::Spread, false));
            }
        }
        None
    }

    /// Raw scores of the feasible nodes; None for those that are left out.
    pub fn score(&self, snapshot: &Snapshot, feasible: &[u32], out: &mut Vec<Option<i64>>) {
        let mut sums: Vec<f64> = feasible
            .iter()
            .map(|slot| {
                if self.has_all_keys(snapshot, *slot) {
                    0.0
                } else {
                    f64::NAN
                }
            })
            .collect();
        for constraint in &self.list {
            constraint.add_scores(snapshot, feasible, &mut sums);
        }
        out.clear();
        out.extend(
            sums.iter()
                .map(|sum| (!sum.is_nan()).then(|| sum.round() as i64)),
        );
    }
}

impl Constraint {
    /// Adds to the sums of nodes; a sum that is not a number stays so.
    fn add_scores(&self, snapshot: &Snapshot, feasible: &[u32], sums: &mut [f64]) {
        let tally = &self.tally;
        let more = (self.max_skew - 1) as f64;
        let domains = if self.hostname {
            sums.iter().filter(|sum| !sum.is_nan()).count()
        } else {
            // To lack the label is one more domain, where such nodes are not left out.
            let mut seen = vec![false; tally.domains.len() + 1];
            let last = tally.domains.len();
            for (slot, sum) in feasible.iter().zip(sums.iter()) {
                let domain = tally.domain_of(snapshot, *slot) as usize;
                seen[domain.min(last)] |= !sum.is_nan();
            }
            seen.into_iter().filter(|seen| *seen).count()
        };
        let weight = ((domains + 2) as f64).ln();
        for (slot, sum) in feasible.iter().zip(sums) {
            let domain = tally.domain_of(snapshot, *slot);
            if domain == NOWHERE {
                continue;
            }
            let count = if self.hostname {
                self.here(snapshot, *slot)
            } else {
                tally.domain(domain).sum
            };
            *sum += count as f64 * weight + more;
        }
    }

    fn here(&self, snapshot: &Snapshot, slot: u32) -> i64 {
        self.counter
            .and_then(|index| snapshot.counters.get(index))
            .map_or(0, |counter| i64::from(counter.at(slot).hits))
    }
}

fn constraint(
    snapshot: &mut Snapshot,
    spread: &Spread,
    namespace: u32,
    labels: &PodLabels,
    hostname: u32,
) -> Constraint {
    let topology = snapshot.topologies.of(spread.topology, &snapshot.nodes);
    // For a key that no node has nothing can be counted.
    let counts = !spread.selector.is_empty() && !snapshot.topologies.get(topology).is_empty();
    let counter = counts.then(|| {
        let matcher = Matcher::Spread {
            namespace,
            selector: spread.selector.clone(),
        };
        let index = snapshot.counter(matcher, &spread.key);
        snapshot.counters.take(index);
        index
    });
    let columns = counter.map(|index| (Column::Counter(index), 1));
    Constraint {
        max_skew: spread.max_skew,
        min_domains: spread.min_domains,
        honor_affinity: spread.honor_affinity,
        honor_taints: spread.honor_taints,
        own: i64::from(spread.selector.matches(labels)),
        counter,
        hostname: spread.topology == hostname,
        tally: Tally::new(topology, columns.into_iter().collect()),
        minimum: 0,
    }
}
