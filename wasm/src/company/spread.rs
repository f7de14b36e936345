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
        out.clear();
        let kept = |slot: u32| self.has_all_keys(snapshot, slot);
        let left_out = feasible.iter().filter(|slot| !kept(**slot)).count();
        let weights: Vec<f64> = self
            .list
            .iter()
            .map(|constraint| {
                let domains = if constraint.hostname {
                    feasible.len() - left_out
                } else {
                    self.domains_among(constraint, snapshot, feasible)
                };
                ((domains + 2) as f64).ln()
            })
            .collect();
        for &slot in feasible {
            if !kept(slot) {
                out.push(None);
                continue;
            }
            let mut score = 0.0f64;
            for (constraint, weight) in self.list.iter().zip(&weights) {
                let domain = constraint.tally.domain_of(snapshot, slot);
                if domain == NOWHERE {
                    continue;
                }
                let count = if constraint.hostname {
                    constraint.here(snapshot, slot)
                } else {
                    constraint.tally.domain(domain).sum
                };
                score += count as f64 * weight + (constraint.max_skew - 1) as f64;
            }
            out.push(Some(score.round() as i64));
        }
    }

    /// Domains of the feasible nodes; to lack the label is one more, where such nodes are not left out.
    fn domains_among(
        &self,
        constraint: &Constraint,
        snapshot: &Snapshot,
        feasible: &[u32],
    ) -> usize {
        let mut seen = vec![false; constraint.tally.domains.len() + 1];
        let mut count = 0;
        for &slot in feasible {
            if !self.has_all_keys(snapshot, slot) {
                continue;
            }
            let domain = constraint.tally.domain_of(snapshot, slot);
            let at = (domain as usize).min(seen.len() - 1);
            if !seen[at] {
                seen[at] = true;
                count += 1;
            }
        }
        count
    }
}

impl Constraint {
    fn here(&self, snapshot: &Snapshot, slot: u32) -> i64 {
        self.counter
            .and_then(|index| snapshot.counters.get(index))
            .map_or(0, |counter| i64::from(counter.at(slot)))
    }
}

fn constraint(
    snapshot: &mut Snapshot,
    spread: &Spread,
    namespace: u32,
    labels: &PodLabels,
    hostname: u32,
) -> Constraint {
    let counter = (!spread.selector.is_empty()).then(|| {
        let matcher = Matcher::Spread {
            namespace,
            selector: spread.selector.clone(),
        };
        let index = snapshot.counter(matcher, &spread.key);
        snapshot.counters.take(index);
        index
    });
    let topology = snapshot.topologies.of(spread.topology, &snapshot.nodes);
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
