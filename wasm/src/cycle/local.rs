//! What a node by itself is to pods of one kind, kept for the next pod of that kind: only nodes that changed since are
//! looked at again, and only when a decision comes to them.

use crate::placement::Placement;
use crate::plugins::{
    balanced_allocation, concerned, image_locality, node_affinity, refuse, resource_scoring,
    taint_toleration, Refusal, Site, FILTERS, POD_TOPOLOGY_SPREAD, SCORE_BALANCE, SCORE_FIT,
    SCORE_IMAGES,
};
use crate::profile::Profile;
use crate::snapshot::Snapshot;
use crate::terms::named;

/// A node's own verdict and raw scores.
#[derive(Clone, Copy)]
pub struct Row {
    /// Weighted sum of the scores that need no normalisation.
    pub fixed: i64,
    pub taints: i32,
    pub affinity: i32,
    pub fresh: bool,
    /// A filter before topology spread refuses.
    pub refused: bool,
    /// A filter after inter-pod affinity does.
    pub refused_late: bool,
    /// Removing pods could mend what refuses.
    pub resolvable: bool,
    /// Where what refuses stands among the reasons that are known; `UNKNOWN` past their bound.
    pub why: u16,
}

const UNKNOWN: u16 = u16::MAX;
/// Different sets of refusals that are remembered for pods of one kind.
const REASONS_MAXIMUM: usize = 256;

const STALE: Row = Row {
    fixed: 0,
    taints: 0,
    affinity: 0,
    fresh: false,
    refused: false,
    refused_late: false,
    resolvable: false,
    why: UNKNOWN,
};

pub struct Local {
    pub placement: Placement,
    /// The only nodes that the pod's affinity leaves by name; sorted.
    pub named: Option<Vec<u32>>,
    pub has_preferences: bool,
    pub balances: bool,
    concerned: u32,
    rows: Vec<Row>,
    reasons: Vec<Box<[Refusal]>>,
    epoch: u64,
    images: u64,
}

/// Filters before topology spread, and those after inter-pod affinity with plugins that the core does not know.
pub const EARLY: core::ops::Range<usize> = 0..POD_TOPOLOGY_SPREAD;
pub const LATE: core::ops::Range<usize> = POD_TOPOLOGY_SPREAD + 2..FILTERS + 1;

impl Local {
    pub fn new(placement: Placement, profile: &Profile) -> Self {
        let filters_affinity = profile.filters(crate::plugins::NODE_AFFINITY);
        Local {
            named: named(&placement.required).filter(|_| filters_affinity),
            has_preferences: node_affinity::scores(&placement, profile),
            concerned: concerned(&placement, profile),
            balances: balanced_allocation::scores(&placement, profile),
            placement,
            rows: Vec::new(),
            reasons: Vec::new(),
            epoch: 0,
            images: 0,
        }
    }

    /// Forgets what changed since.
    pub fn refresh(&mut self, snapshot: &Snapshot) {
        let images = !self.placement.images.is_empty() && self.images != snapshot.images_version;
        self.images = snapshot.images_version;
        match snapshot.log.since(self.epoch) {
            Some(changes) if !images && !self.rows.is_empty() => {
                self.rows.resize(snapshot.nodes.slots(), STALE);
                for slot in changes {
                    self.rows[*slot as usize].fresh = false;
                }
            }
            _ => {
                self.rows.clear();
                self.rows.resize(snapshot.nodes.slots(), STALE);
            }
        }
        self.epoch = snapshot.log.now();
    }

    /// A node's row, worked out where it is not known.
    #[inline]
    pub fn row(
        &mut self,
        snapshot: &Snapshot,
        profile: &Profile,
        slot: u32,
        scratch: &mut Vec<Refusal>,
    ) -> Row {
        let row = self.rows[slot as usize];
        if row.fresh {
            return row;
        }
        let mut row = self.work_out(snapshot, profile, slot, scratch);
        if row.refused || row.refused_late {
            row.why = self.number_of(scratch);
        }
        self.rows[slot as usize] = row;
        row
    }

    fn number_of(&mut self, refusals: &[Refusal]) -> u16 {
        let known = self.reasons.iter().position(|other| **other == *refusals);
        if known.is_none() && self.reasons.len() < REASONS_MAXIMUM {
            self.reasons.push(refusals.into());
            return (self.reasons.len() - 1) as u16;
        }
        known.map_or(UNKNOWN, |at| at as u16)
    }

    /// What refuses in a row, where it is remembered.
    pub fn reasons(&self, row: Row) -> Option<&[Refusal]> {
        self.reasons
            .get(row.why as usize)
            .map(|refusals| &**refusals)
    }

    pub fn reasons_at(&self, number: usize) -> &[Refusal] {
        self.reasons.get(number).map_or(&[], |refusals| &**refusals)
    }

    fn work_out(
        &self,
        snapshot: &Snapshot,
        profile: &Profile,
        slot: u32,
        scratch: &mut Vec<Refusal>,
    ) -> Row {
        let site = Site::of(snapshot, profile, &self.placement, slot);
        let mut row = Row {
            fresh: true,
            ..STALE
        };
        scratch.clear();
        row.refused = refuse(&site, EARLY, self.concerned, scratch);
        row.refused_late = !row.refused && refuse(&site, LATE, self.concerned, scratch);
        // A node that refuses has scores as well: a plugin outside may ask for them.
        row.resolvable = scratch.iter().all(|refusal| !refusal.unresolvable);
        if self.has_preferences {
            row.affinity = node_affinity::score(&site) as i32;
        }
        row.taints = taint_toleration::score(&site) as i32;
        row.fixed = profile.weight(SCORE_FIT) * resource_scoring::score(&site)
            + profile.weight(SCORE_IMAGES) * image_locality::score(&site, &snapshot.nodes);
        if self.balances {
            row.fixed += profile.weight(SCORE_BALANCE) * balanced_allocation::score(&site);
        }
        row
    }

    /// True where the node refuses, as it is at this moment: nothing is remembered.
    pub fn refuses_now(
        &self,
        snapshot: &Snapshot,
        profile: &Profile,
        slot: u32,
        range: core::ops::Range<usize>,
        refusals: &mut Vec<Refusal>,
    ) -> bool {
        let site = Site::of(snapshot, profile, &self.placement, slot);
        refuse(&site, range, self.concerned, refusals)
    }

    pub fn is_named(&self, name: u32) -> bool {
        self.named
            .as_ref()
            .is_none_or(|names| names.binary_search(&name).is_ok())
    }
}
