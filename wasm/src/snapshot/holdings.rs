//! Terms of affinity that pods on nodes hold: the same term is one holding, with the number of its pods on each node.

use crate::hash::{QuickMap, QuickSet};
use crate::pool::Pool;
use crate::selector::{AffinityTerm, AffinityTerms, Company, Namespaces, PodLabels};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Required = 0,
    RequiredAnti = 1,
    Preferred = 2,
    PreferredAnti = 3,
}

pub struct Holding {
    pub role: Role,
    pub weight: i64,
    pub topology: u32,
    pub company: Company,
    /// Never given twice, as indices are.
    serial: u64,
    /// Slot to the number of pods there that hold the term.
    pub nodes: QuickMap<u32, u32>,
}

#[derive(Default)]
pub struct Holdings {
    pool: Pool<Holding>,
    /// Holdings whose term names the namespace, and those that select namespaces.
    by_namespace: QuickMap<u32, QuickSet<u32>>,
    wide: QuickSet<u32>,
    /// Changes whenever the set of holdings does.
    pub version: u64,
}

impl Holdings {
    /// The holdings of a pod with these terms; each is referenced once more.
    pub fn hold(&mut self, terms: &AffinityTerms) -> Vec<u32> {
        let mut held = Vec::new();
        for term in &terms.required {
            held.push(self.one(Role::Required, 0, term));
        }
        for term in &terms.required_anti {
            held.push(self.one(Role::RequiredAnti, 0, term));
        }
        for (weight, term) in &terms.preferred {
            held.push(self.one(Role::Preferred, *weight, term));
        }
        for (weight, term) in &terms.preferred_anti {
            held.push(self.one(Role::PreferredAnti, *weight, term));
        }
        held
    }

    fn one(&mut self, role: Role, weight: i64, term: &AffinityTerm) -> u32 {
        let mut key = vec![
            f64::from(role as u32),
            weight as f64,
            f64::from(term.topology),
        ];
        key.extend_from_slice(&term.company.key);
        let found = self.pool.find(&key);
        let index = found.unwrap_or_else(|| self.add(&key, role, weight, term));
        self.pool.retain(index);
        index
    }

    fn add(&mut self, key: &[f64], role: Role, weight: i64, term: &AffinityTerm) -> u32 {
        let holding = Holding {
            role,
            weight,
            topology: term.topology,
            company: term.company.clone(),
            serial: self.version,
            nodes: QuickMap::default(),
        };
        let index = self.pool.insert(key, holding);
        if term.company.namespace_selector.is_some() {
            self.wide.insert(index);
        } else {
            for namespace in &term.company.namespaces {
                let list = self.by_namespace.entry(*namespace).or_default();
                list.insert(index);
            }
        }
        self.version += 1;
        index
    }

    pub fn release(&mut self, index: u32) {
        let Some(holding) = self.pool.release(index) else {
            return;
        };
        self.version += 1;
        self.wide.remove(&index);
        for namespace in &holding.company.namespaces {
            if let Some(list) = self.by_namespace.get_mut(namespace) {
                list.remove(&index);
                if list.is_empty() {
                    self.by_namespace.remove(namespace);
                }
            }
        }
    }

    pub fn count(&mut self, index: u32, slot: u32, sign: i64) {
        let Some(holding) = self.pool.get_mut(index) else {
            return;
        };
        if sign > 0 {
            *holding.nodes.entry(slot).or_insert(0) += 1;
        } else if let Some(count) = holding.nodes.get_mut(&slot) {
            *count -= 1;
            if *count == 0 {
                holding.nodes.remove(&slot);
            }
        }
    }

    pub fn get(&self, index: u32) -> Option<&Holding> {
        self.pool.get(index)
    }

    /// True where a namespace's labels can matter.
    pub fn select_namespaces(&self) -> bool {
        !self.wide.is_empty()
    }

    pub fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    /// Holdings whose term means a pod with these labels, with their serials, in a stable order.
    pub fn meant(&self, known: &Namespaces, namespace: u32, labels: &PodLabels) -> Vec<(u32, u64)> {
        let own = self.by_namespace.get(&namespace);
        let mut found: Vec<(u32, u64)> = self
            .wide
            .iter()
            .chain(own.into_iter().flatten())
            .copied()
            .filter_map(|index| {
                let holding = self.get(index)?;
                let meant = holding.company.matches(known, namespace, labels);
                meant.then_some((index, holding.serial))
            })
            .collect();
        found.sort_unstable();
        found
    }
}
