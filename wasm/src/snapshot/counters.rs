//! How many pods on each node a selector matches: kept while pods come and go, so that no decision walks over pods.

use crate::pool::Pool;
use crate::selector::{Company, Namespaces, PodLabels, Selector};

/// Numbers that all counters together may have; past it, those that no cache uses go, the longest unused first.
const NUMBERS_MAXIMUM: usize = 4 << 20;
const COUNTERS_MINIMUM: usize = 64;

pub enum Matcher {
    /// Pods of a namespace that are not about to end: topology spread.
    Spread { namespace: u32, selector: Selector },
    /// Pods that every term means: pod affinity.
    Company(Vec<Company>),
}

impl Matcher {
    /// The identity of a matcher.
    pub fn key(&self, selector: &[f64]) -> Vec<f64> {
        match self {
            Matcher::Spread { namespace, .. } => {
                let mut key = vec![0.0, f64::from(*namespace)];
                key.extend_from_slice(selector);
                key
            }
            Matcher::Company(terms) => {
                let mut key = vec![1.0];
                for term in terms {
                    key.push(term.key.len() as f64);
                    key.extend_from_slice(&term.key);
                }
                key
            }
        }
    }

    pub fn matches(&self, known: &Namespaces, namespace: u32, labels: &PodLabels) -> bool {
        match self {
            Matcher::Spread {
                namespace: own,
                selector,
            } => *own == namespace && selector.matches(labels),
            Matcher::Company(terms) => terms
                .iter()
                .all(|term| term.matches(known, namespace, labels)),
        }
    }

    /// Pods that are about to end do not count.
    pub fn skips_terminating(&self) -> bool {
        matches!(self, Matcher::Spread { .. })
    }

    pub fn selects_namespaces(&self) -> bool {
        match self {
            Matcher::Spread { .. } => false,
            Matcher::Company(terms) => terms.iter().any(|term| term.namespace_selector.is_some()),
        }
    }
}

pub struct Counter {
    pub matcher: Matcher,
    /// By slot; as long as the largest slot that ever counted.
    pub nodes: Vec<u32>,
    users: u32,
    used: u64,
}

impl Counter {
    pub fn at(&self, slot: u32) -> u32 {
        self.nodes.get(slot as usize).copied().unwrap_or(0)
    }

    pub fn add(&mut self, slot: u32, sign: i64) {
        let at = slot as usize;
        if self.nodes.len() <= at {
            self.nodes.resize(at + 1, 0);
        }
        self.nodes[at] = (i64::from(self.nodes[at]) + sign).max(0) as u32;
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
