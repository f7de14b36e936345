//! InterPodAffinity: pods want certain others in their domain, or not.

use super::tally::{Column, Tally};
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

/// Tallies by key while they are put together.
type ByTopology = Vec<(u32, Vec<(Column, i64)>)>;

fn add(list: &mut ByTopology, topology: u32, column: Column, weight: i64) {
    match list.iter_mut().find(|(other, _)| *other == topology) {
        Some((_, columns)) => columns.push((column, weight)),
        None => list.push((topology, vec![(column, weight)])),
    }
}

fn tallies(snapshot: &mut Snapshot, list: ByTopology) -> Vec<Tally> {
    list.into_iter()
        .map(|(key, columns)| Tally::new(snapshot.topologies.of(key, &snapshot.nodes), columns))
        .collect()
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
        let mut required = Vec::new();
        if !terms.required.is_empty() {
            let companies: Vec<Company> = terms
                .required
                .iter()
                .map(|term| term.company.clone())
                .collect();
            affinity.satisfies_itself = companies
                .iter()
                .all(|company| company.matches(&snapshot.namespaces, namespace, labels));
            let column = affinity.counter(snapshot, companies);
            for term in &terms.required {
                required.push((term.topology, vec![(column, 1)]));
            }
        }
        let mut anti = Vec::new();
        for term in &terms.required_anti {
            let column = affinity.counter_of(snapshot, term);
            add(&mut anti, term.topology, column, 1);
        }
        let mut existing = Vec::new();
        let mut preferences = Vec::new();
        for (weight, term) in &terms.preferred {
            let column = affinity.counter_of(snapshot, term);
            add(&mut preferences, term.topology, column, *weight);
        }
        for (weight, term) in &terms.preferred_anti {
            let column = affinity.counter_of(snapshot, term);
            add(&mut preferences, term.topology, column, -*weight);
        }
        let ignore = profile.ignore_preferred_of_existing && preferences.is_empty();
        for &(index, _) in meant_by {
            let Some(holding) = snapshot.holdings.get(index) else {
                continue;
            };
            let column = Column::Holding(index);
            let weight = match holding.role {
                Role::RequiredAnti => {
                    add(&mut existing, holding.topology, column, 1);
                    continue;
                }
                Role::Required => profile.hard_affinity_weight,
                Role::Preferred => holding.weight,
                Role::PreferredAnti => -holding.weight,
            };
            if weight != 0 && !ignore {
                add(&mut preferences, holding.topology, column, weight);
            }
        }
        affinity.required = tallies(snapshot, required);
        affinity.required_anti = tallies(snapshot, anti);
        affinity.existing_anti = tallies(snapshot, existing);
        affinity.preferences = tallies(snapshot, preferences);
        affinity
    }

    fn counter_of(&mut self, snapshot: &mut Snapshot, term: &AffinityTerm) -> Column {
        self.counter(snapshot, vec![term.company.clone()])
    }

    fn counter(&mut self, snapshot: &mut Snapshot, companies: Vec<Company>) -> Column {
        let index = snapshot.counter(Matcher::Company(companies), &[]);
        snapshot.counters.take(index);
        self.counters.push(index);
        Column::Counter(index)
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

#[inline]
fn occupied(tallies: &[Tally], snapshot: &Snapshot, slot: u32) -> bool {
    tallies.iter().any(|tally| {
        let domain = tally.domain_of(snapshot, slot);
        domain != NOWHERE && tally.domain(domain).hits > 0
    })
}
