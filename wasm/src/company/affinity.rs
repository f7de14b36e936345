//! InterPodAffinity: pods want certain others in their domain, or not.

use super::tally::{Column, Tally};
use crate::hash::QuickMap;
use crate::plugins::{Reason, Refusal, INTER_POD_AFFINITY};
use crate::profile::Profile;
use crate::selector::{AffinityTerm, AffinityTerms, Company, PodLabels};
use crate::snapshot::counters::Matcher;
use crate::snapshot::holdings::Role;
use crate::snapshot::topology::NOWHERE;
use crate::snapshot::Snapshot;

#[derive(Default)]
pub struct Affinity {
    /// One a required term; each counts the pods that all terms mean.
    required: Vec<Tally>,
    /// The pod is what it asks for itself: the first of its kind may go anywhere.
    satisfies_itself: bool,
    required_anti: Vec<Tally>,
    /// Pods on nodes whose required anti-affinity means this pod, by key.
    existing_anti: Vec<Tally>,
    /// Preferences of the pod and of pods on nodes, by key.
    preferences: Vec<Tally>,
    counters: Vec<u32>,
}

/// Things by topology key, in the order of their first appearance.
struct ByTopology<T> {
    at: QuickMap<u32, usize>,
    list: Vec<(u32, Vec<T>)>,
}

impl<T> ByTopology<T> {
    fn new() -> Self {
        ByTopology {
            at: QuickMap::default(),
            list: Vec::new(),
        }
    }

    fn add(&mut self, topology: u32, item: T) {
        let next = self.list.len();
        let at = *self.at.entry(topology).or_insert(next);
        if at == next {
            self.list.push((topology, Vec::new()));
        }
        self.list[at].1.push(item);
    }
}

impl Affinity {
    pub fn of(
        snapshot: &mut Snapshot,
        profile: &Profile,
        terms: &AffinityTerms,
        meant_by: &[(u32, u64)],
        namespace: u32,
        labels: &PodLabels,
    ) -> Self {
        let mut affinity = Affinity::default();
        affinity.require(snapshot, &terms.required, namespace, labels);
        let mut anti = ByTopology::new();
        for term in &terms.required_anti {
            anti.add(term.topology, (1, term.company.clone()));
        }
        let mut preferred = ByTopology::new();
        for (weight, term) in &terms.preferred {
            preferred.add(term.topology, (*weight, term.company.clone()));
        }
        for (weight, term) in &terms.preferred_anti {
            preferred.add(term.topology, (-*weight, term.company.clone()));
        }
        let ignore = profile.ignore_preferred_of_existing && preferred.list.is_empty();
        let mut existing = ByTopology::new();
        let mut columns = ByTopology::new();
        for (topology, companies) in preferred.list {
            if let Some(column) = affinity.counter(snapshot, topology, Matcher::Sum(companies)) {
                columns.add(topology, (column, 1));
            }
        }
        for &(index, _) in meant_by {
            let Some(holding) = snapshot.holdings.get(index) else {
                continue;
            };
            let column = Column::Holding(index);
            let weight = match holding.role {
                Role::RequiredAnti => {
                    existing.add(holding.topology, (column, 1));
                    continue;
                }
                Role::Required => profile.hard_affinity_weight,
                Role::Preferred => holding.weight,
                Role::PreferredAnti => -holding.weight,
            };
            if weight != 0 && !ignore {
                columns.add(holding.topology, (column, weight));
            }
        }
        for (topology, companies) in anti.list {
            if let Some(column) = affinity.counter(snapshot, topology, Matcher::Sum(companies)) {
                let at = snapshot.topologies.of(topology, &snapshot.nodes);
                affinity
                    .required_anti
                    .push(Tally::new(at, vec![(column, 1)]));
            }
        }
        affinity.existing_anti = tallies(snapshot, existing);
        affinity.preferences = tallies(snapshot, columns);
        affinity
    }

    fn require(
        &mut self,
        snapshot: &mut Snapshot,
        terms: &[AffinityTerm],
        namespace: u32,
        labels: &PodLabels,
    ) {
        if terms.is_empty() {
            return;
        }
        let companies: Vec<Company> = terms.iter().map(|term| term.company.clone()).collect();
        self.satisfies_itself = companies
            .iter()
            .all(|company| company.matches(&snapshot.namespaces, namespace, labels));
        let index = snapshot.counter(Matcher::All(companies), &[]);
        snapshot.counters.take(index);
        self.counters.push(index);
        let mut keys: Vec<u32> = terms.iter().map(|term| term.topology).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let at = snapshot.topologies.of(key, &snapshot.nodes);
            let columns = vec![(Column::Counter(index), 1)];
            self.required.push(Tally::new(at, columns));
        }
    }

    /// None for a key that no node has: nothing can be counted then.
    fn counter(
        &mut self,
        snapshot: &mut Snapshot,
        topology: u32,
        matcher: Matcher,
    ) -> Option<Column> {
        let at = snapshot.topologies.of(topology, &snapshot.nodes);
        if snapshot.topologies.get(at).is_empty() {
            return None;
        }
        let index = snapshot.counter(matcher, &[]);
        snapshot.counters.take(index);
        self.counters.push(index);
        Some(Column::Counter(index))
    }

    pub fn counters(&self) -> impl Iterator<Item = u32> + '_ {
        self.counters.iter().copied()
    }

    pub fn filters(&self) -> bool {
        !(self.required.is_empty()
            && self.required_anti.is_empty()
            && self.existing_anti.is_empty())
    }

    /// True where a preference could ever matter.
    pub fn prefers(&self) -> bool {
        !self.preferences.is_empty()
    }

    /// False: nothing is preferred anywhere, and the plugin is left out.
    pub fn scores(&self) -> bool {
        self.preferences.iter().any(|tally| tally.hits > 0)
    }

    pub fn update(&mut self, snapshot: &Snapshot, slot: u32) {
        let lists = [
            &mut self.required,
            &mut self.required_anti,
            &mut self.existing_anti,
            &mut self.preferences,
        ];
        for tally in lists.into_iter().flatten() {
            tally.update(snapshot, slot, true);
        }
    }

    #[inline]
    pub fn refusal(&self, snapshot: &Snapshot, slot: u32) -> Option<Refusal> {
        if !self.required_hold(snapshot, slot) {
            return Some(Refusal::of(INTER_POD_AFFINITY, Reason::Affinity, true));
        }
        if occupied(&self.required_anti, snapshot, slot) {
            return Some(Refusal::of(INTER_POD_AFFINITY, Reason::AntiAffinity, false));
        }
        if occupied(&self.existing_anti, snapshot, slot) {
            return Some(Refusal::of(
                INTER_POD_AFFINITY,
                Reason::ExistingAntiAffinity,
                false,
            ));
        }
        None
    }

    fn required_hold(&self, snapshot: &Snapshot, slot: u32) -> bool {
        let mut all = true;
        for tally in &self.required {
            let domain = tally.domain_of(snapshot, slot);
            if domain == NOWHERE {
                return false;
            }
            all &= tally.domain(domain).hits > 0;
        }
        all || (self.satisfies_itself && self.required.iter().all(|tally| tally.hits == 0))
    }

    /// Raw scores of the feasible nodes.
    pub fn score(&self, snapshot: &Snapshot, feasible: &[u32], out: &mut Vec<i64>) {
        out.clear();
        for &slot in feasible {
            let mut score = 0;
            for tally in &self.preferences {
                let domain = tally.domain_of(snapshot, slot);
                if domain != NOWHERE {
                    score += tally.domain(domain).sum;
                }
            }
            out.push(score);
        }
    }
}

fn tallies(snapshot: &mut Snapshot, by: ByTopology<(Column, i64)>) -> Vec<Tally> {
    by.list
        .into_iter()
        .map(|(key, columns)| Tally::new(snapshot.topologies.of(key, &snapshot.nodes), columns))
        .collect()
}

#[inline]
fn occupied(tallies: &[Tally], snapshot: &Snapshot, slot: u32) -> bool {
    tallies.iter().any(|tally| {
        let domain = tally.domain_of(snapshot, slot);
        domain != NOWHERE && tally.domain(domain).hits > 0
    })
}
