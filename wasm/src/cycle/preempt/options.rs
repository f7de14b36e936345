//! What a dry run is asked: who must stay, what budgets allow, where and how far to look.

use crate::decode::{DecodeError, Reader};
use crate::hash::QuickMap;
use crate::selector::Selector;
use crate::snapshot::Snapshot;

/// A disruption budget: the pods of a namespace that it covers by their labels.
struct Budget {
    namespace: u32,
    selector: Selector,
    /// Handles of pods that count as gone already.
    except: Vec<u32>,
}

#[derive(Default)]
pub struct Options {
    /// Handles of pods that must stay; sorted.
    pub protected: Vec<u32>,
    /// Disruptions that each budget allows: those that are given by handles, then those by selector.
    pub allowed: Vec<i64>,
    /// A pod's handle to its budgets.
    covered: QuickMap<u32, Vec<u32>>,
    /// Their indices follow those of the others.
    selecting: Vec<Budget>,
    /// Of the nodes that could be helped so many per cent as candidates, at least the minimum, are enough.
    pub percentage: usize,
    pub minimum: usize,
    pub offset: usize,
    /// Sorted names; None: all.
    pub within: Option<Vec<u32>>,
}

impl Options {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut options = Options {
            percentage: reader.index()? as usize,
            minimum: reader.index()? as usize,
            offset: reader.index()? as usize,
            protected: reader.list(|r| r.index())?,
            allowed: reader.list(|r| r.quantity())?,
            ..Options::default()
        };
        for (handle, budgets) in
            reader.list(|r| Ok((r.index()?, r.list(|budget| budget.index())?)))?
        {
            options.covered.insert(handle, budgets);
        }
        for (allowed, budget) in reader.list(|r| {
            let allowed = r.quantity()?;
            let namespace = r.index()?;
            let selector = Selector::decode(r)?;
            let except = r.list(|r| r.index())?;
            let budget = Budget {
                namespace,
                selector,
                except,
            };
            Ok((allowed, budget))
        })? {
            options.allowed.push(allowed);
            options.selecting.push(budget);
        }
        options.within = reader.optional_list(|r| r.index())?;
        options.protected.sort_unstable();
        if let Some(names) = &mut options.within {
            names.sort_unstable();
        }
        Ok(options)
    }

    pub fn has_budgets(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Takes one from every budget that covers the pod. True: one of them allowed none.
    pub fn take(&self, snapshot: &Snapshot, index: u32, allowed: &mut [i64]) -> bool {
        let Some(pod) = snapshot.pods.get(index) else {
            return false;
        };
        let mut violates = false;
        let mut one = |budget: usize| {
            if let Some(left) = allowed.get_mut(budget) {
                *left -= 1;
                violates |= *left < 0;
            }
        };
        for budget in self.covered.get(&pod.handle).into_iter().flatten() {
            one(*budget as usize);
        }
        let Some(set) = snapshot.labels.get(pod.labels) else {
            return violates;
        };
        let first = self.allowed.len() - self.selecting.len();
        for (at, budget) in self.selecting.iter().enumerate() {
            // A pod without labels, and a budget that selects everything, have nothing to do with each other.
            let covers = budget.namespace == set.namespace
                && !set.labels.is_empty()
                && !budget.selector.is_empty()
                && budget.selector.matches(&set.labels)
                && !budget.except.contains(&pod.handle);
            if covers {
                one(first + at);
            }
        }
        violates
    }
}
