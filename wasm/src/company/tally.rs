//! Numbers per topology domain: sums over nodes of something that each node has, kept while single nodes change.

use crate::snapshot::counters::Count;
use crate::snapshot::topology::NOWHERE;
use crate::snapshot::Snapshot;

/// Where a node's number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Counter(u32),
    Holding(u32),
}

impl Column {
    fn at(self, snapshot: &Snapshot, slot: u32) -> Count {
        match self {
            Column::Counter(index) => snapshot
                .counters
                .get(index)
                .map_or(Count::default(), |counter| counter.at(slot)),
            Column::Holding(index) => {
                let holding = snapshot.holdings.get(index);
                let pods = holding.and_then(|holding| holding.nodes.get(&slot).copied());
                let hits = pods.unwrap_or(0);
                Count {
                    sum: hits as i32,
                    hits,
                }
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Share {
    domain: u32,
    hits: u32,
    sum: i64,
}

#[derive(Clone, Copy, Default)]
pub struct Domain {
    /// Weighted sum over its nodes.
    pub sum: i64,
    /// Pods that it is made of.
    pub hits: u64,
    /// Nodes of the domain that count.
    pub nodes: u32,
}

/// Sums of weighted columns over the domains of one key.
pub struct Tally {
    pub topology: usize,
    columns: Vec<(Column, i64)>,
    shares: Vec<Share>,
    pub domains: Vec<Domain>,
    /// Pods that were counted in any domain.
    pub hits: u64,
    /// Domains with nodes that count.
    pub populated: usize,
}

impl Tally {
    pub fn new(topology: usize, columns: Vec<(Column, i64)>) -> Self {
        Tally {
            topology,
            columns,
            shares: Vec::new(),
            domains: Vec::new(),
            hits: 0,
            populated: 0,
        }
    }

    /// Takes in a node as it is now; one that does not count is taken out.
    pub fn update(&mut self, snapshot: &Snapshot, slot: u32, counts: bool) {
        let topology = snapshot.topologies.get(self.topology);
        let at = slot as usize;
        let domain = if counts {
            topology.domain(slot)
        } else {
            NOWHERE
        };
        if self.shares.len() <= at {
            if domain == NOWHERE {
                return;
            }
            let none = Share {
                domain: NOWHERE,
                ..Share::default()
            };
            self.shares
                .resize(at.max(snapshot.nodes.slots() - 1) + 1, none);
        }
        if self.domains.len() < topology.len() {
            self.domains.resize(topology.len(), Domain::default());
        }
        let mut share = Share {
            domain,
            hits: 0,
            sum: 0,
        };
        if domain != NOWHERE {
            for &(column, weight) in &self.columns {
                let count = column.at(snapshot, slot);
                share.hits = share.hits.wrapping_add(count.hits);
                share.sum += weight * i64::from(count.sum);
            }
        }
        let before = core::mem::replace(&mut self.shares[at], share);
        self.settle(before, -1);
        self.settle(share, 1);
    }

    fn settle(&mut self, share: Share, sign: i64) {
        if share.domain == NOWHERE {
            return;
        }
        let domain = &mut self.domains[share.domain as usize];
        let populated = domain.nodes > 0;
        domain.sum += sign * share.sum;
        if sign > 0 {
            domain.nodes += 1;
            domain.hits += u64::from(share.hits);
            self.hits += u64::from(share.hits);
        } else {
            domain.nodes -= 1;
            domain.hits -= u64::from(share.hits);
            self.hits -= u64::from(share.hits);
        }
        match (populated, domain.nodes > 0) {
            (false, true) => self.populated += 1,
            (true, false) => self.populated -= 1,
            _ => {}
        }
    }

    /// The smallest sum of a domain that has nodes; None where there is none.
    pub fn minimum(&self) -> Option<i64> {
        self.domains
            .iter()
            .filter(|domain| domain.nodes > 0)
            .map(|domain| domain.sum)
            .min()
    }

    /// The domain of a node by its label; `NOWHERE` without it.
    #[inline]
    pub fn domain_of(&self, snapshot: &Snapshot, slot: u32) -> u32 {
        snapshot.topologies.get(self.topology).domain(slot)
    }

    #[inline]
    pub fn domain(&self, index: u32) -> Domain {
        self.domains
            .get(index as usize)
            .copied()
            .unwrap_or_default()
    }
}
