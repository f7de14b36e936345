//! How many pods on each node a selector matches: kept while pods come and go, so that no decision walks over pods.

use crate::pool::Pool;
use crate::selector::{Company, Namespaces, PodLabels, Selector};

/// Nodes that all counters together may have; past it, those that no cache uses go, the longest unused first.
const NUMBERS_MAXIMUM: usize = 2 << 20;
const COUNTERS_MINIMUM: usize = 64;

pub enum Matcher {
    /// Pods of a namespace that are not about to end: topology spread.
    Spread { namespace: u32, selector: Selector },
    /// Pods that every term means: required affinity.
    All(Vec<Company>),
    /// The weights of the terms that mean a pod: anti-affinity and preferences.
    Sum(Vec<(i64, Company)>),
}

/// What pods add up to: weights, and how many terms meant them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub sum: i32,
    pub hits: u32,
}

const ONE: Count = Count { sum: 1, hits: 1 };

impl Matcher {
    /// The identity of a matcher; `selector` is the one of a spread.
    pub fn key(&self, selector: &[f64]) -> Vec<f64> {
        let term = |key: &mut Vec<f64>, weight: i64, company: &Company| {
            key.push(weight as f64);
            key.push(company.key.len() as f64);
            key.extend_from_slice(&company.key);
        };
        let mut key = Vec::new();
        match self {
            Matcher::Spread { namespace, .. } => {
                key.extend([0.0, f64::from(*namespace)]);
                key.extend_from_slice(selector);
            }
            Matcher::All(terms) => {
                key.push(1.0);
                terms.iter().for_each(|company| term(&mut key, 1, company));
            }
            Matcher::Sum(terms) => {
                key.push(2.0);
                for (weight, company) in terms {
                    term(&mut key, *weight, company);
                }
            }
        }
        key
    }

    /// What one pod with these labels counts.
    pub fn count(&self, known: &Namespaces, namespace: u32, labels: &PodLabels) -> Count {
        let means = |company: &Company| company.matches(known, namespace, labels);
        let matches = match self {
            Matcher::Spread {
                namespace: own,
                selector,
            } => *own == namespace && selector.matches(labels),
            Matcher::All(terms) => terms.iter().all(means),
            Matcher::Sum(terms) => {
                let mut count = Count::default();
                for (weight, _) in terms.iter().filter(|(_, company)| means(company)) {
                    count.sum = count.sum.saturating_add(*weight as i32);
                    count.hits += 1;
                }
                return count;
            }
        };
        if matches {
            ONE
        } else {
            Count::default()
        }
    }

    /// Pods that are about to end do not count.
    pub fn skips_terminating(&self) -> bool {
        matches!(self, Matcher::Spread { .. })
    }

    pub fn selects_namespaces(&self) -> bool {
        let selects = |company: &Company| company.namespace_selector.is_some();
        match self {
            Matcher::Spread { .. } => false,
            Matcher::All(terms) => terms.iter().any(selects),
            Matcher::Sum(terms) => terms.iter().any(|(_, company)| selects(company)),
        }
    }
}

pub struct Counter {
    pub matcher: Matcher,
    /// By slot; as long as the largest slot that ever counted.
    pub nodes: Vec<Count>,
    users: u32,
    used: u64,
}

impl Counter {
    pub fn at(&self, slot: u32) -> Count {
        self.nodes.get(slot as usize).copied().unwrap_or_default()
    }

    /// A pod that counts so much comes to a node, or with a sign of -1 leaves it.
    pub fn add(&mut self, slot: u32, count: Count, sign: i64) {
        let at = slot as usize;
        if self.nodes.len() <= at {
            self.nodes.resize(at + 1, Count::default());
        }
        let node = &mut self.nodes[at];
        if sign > 0 {
            node.sum = node.sum.wrapping_add(count.sum);
            node.hits = node.hits.wrapping_add(count.hits);
        } else {
            node.sum = node.sum.wrapping_sub(count.sum);
            node.hits = node.hits.wrapping_sub(count.hits);
        }
    }
}

#[derive(Default)]
pub struct Counters {
    pub pool: Pool<Counter>,
    clock: u64,
}

impl Counters {
    pub fn find(&self, key: &[f64]) -> Option<u32> {
        self.pool.find(key)
    }

    pub fn insert(&mut self, key: &[f64], matcher: Matcher) -> u32 {
        self.pool.insert(
            key,
            Counter {
                matcher,
                nodes: Vec::new(),
                users: 0,
                used: 0,
            },
        )
    }

    /// A cache relies on the counter until it lets go.
    pub fn take(&mut self, index: u32) {
        self.clock += 1;
        if let Some(counter) = self.pool.get_mut(index) {
            counter.users += 1;
            counter.used = self.clock;
        }
    }

    pub fn let_go(&mut self, index: u32) {
        if let Some(counter) = self.pool.get_mut(index) {
            counter.users = counter.users.saturating_sub(1);
        }
    }

    pub fn get(&self, index: u32) -> Option<&Counter> {
        self.pool.get(index)
    }

    /// The counter that has to go, where there are too many for so many slots.
    pub fn superfluous(&self, slots: usize) -> Option<u32> {
        let maximum = COUNTERS_MINIMUM.max(NUMBERS_MAXIMUM / slots.max(1024));
        if self.pool.len() <= maximum {
            return None;
        }
        self.pool
            .iter()
            .filter(|(_, counter)| counter.users == 0)
            .min_by_key(|(_, counter)| counter.used)
            .map(|(index, _)| index)
    }
}
