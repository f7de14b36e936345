//! Scores of feasible nodes: raw, normalised over all of them, times weight.

use super::search::Found;
use super::Asked;
use crate::plugins::normalise::{by_maximum, by_range, by_reversed_maximum, by_spread};
use crate::plugins::{
    balanced_allocation, image_locality, resource_scoring, Site, SCORERS, SCORE_AFFINITY,
    SCORE_BALANCE, SCORE_COMPANY, SCORE_FIT, SCORE_IMAGES, SCORE_SPREAD, SCORE_TAINTS,
};

impl Asked<'_> {
    /// The weighted total of each feasible node.
    pub fn totals(&mut self, found: &Found) -> Vec<i64> {
        let mut totals = found.fixed.clone();
        if !found.tainted {
            let all = 100 * self.profile.weight(SCORE_TAINTS);
            for total in &mut totals {
                *total += all;
            }
        }
        let mut scores = Vec::new();
        for scorer in [SCORE_TAINTS, SCORE_AFFINITY, SCORE_SPREAD, SCORE_COMPANY] {
            let silent = match scorer {
                SCORE_TAINTS => !found.tainted,
                SCORE_AFFINITY => !found.preferred,
                _ => self.circle.is_none(),
            };
            let weight = self.profile.weight(scorer);
            if !silent && weight != 0 && self.normalised(scorer, &found.feasible, &mut scores) {
                for (total, score) in totals.iter_mut().zip(&scores) {
                    *total += weight * score;
                }
            }
        }
        totals
    }

    /// One scorer's normalised scores without its weight. False: it has nothing to say of the pod.
    pub fn normalised(&mut self, scorer: usize, feasible: &[u32], scores: &mut Vec<i64>) -> bool {
        scores.clear();
        let (snapshot, profile) = (&*self.snapshot, self.profile);
        match scorer {
            SCORE_TAINTS | SCORE_AFFINITY => {
                if scorer == SCORE_AFFINITY && !self.local.has_preferences {
                    return false;
                }
                for &slot in feasible {
                    let row = self.local.row(snapshot, profile, slot, &mut self.scratch);
                    scores.push(i64::from(if scorer == SCORE_TAINTS {
                        row.taints
                    } else {
                        row.affinity
                    }));
                }
                if scorer == SCORE_TAINTS {
                    by_reversed_maximum(scores);
                } else {
                    by_maximum(scores);
                }
            }
            SCORE_SPREAD => {
                let Some(circle) = &self.circle else {
                    return false;
                };
                if circle.score.is_empty() {
                    return false;
                }
                let mut raw = Vec::with_capacity(feasible.len());
                circle.score.score(snapshot, feasible, &mut raw);
                scores.resize(raw.len(), 0);
                by_spread(&raw, scores);
            }
            SCORE_COMPANY => {
                let Some(circle) = &self.circle else {
                    return false;
                };
                if !circle.affinity.scores() {
                    return false;
                }
                circle.affinity.score(snapshot, feasible, scores);
                by_range(scores);
            }
            _ => {
                if scorer == SCORE_BALANCE && !self.local.balances {
                    return false;
                }
                for &slot in feasible {
                    let site = Site::of(snapshot, profile, &self.local.placement, slot);
                    scores.push(match scorer {
                        SCORE_FIT => resource_scoring::score(&site),
                        SCORE_BALANCE => balanced_allocation::score(&site),
                        SCORE_IMAGES => image_locality::score(&site, &snapshot.nodes),
                        _ => 0,
                    });
                }
            }
        }
        true
    }

    /// Each scorer's weighted scores; None for those that are left out.
    pub fn by_scorer(&mut self, feasible: &[u32]) -> Vec<Option<Vec<i64>>> {
        let mut all = Vec::with_capacity(SCORERS.len());
        for scorer in 0..SCORERS.len() {
            let weight = self.profile.weight(scorer);
            let mut scores = Vec::new();
            let says = weight != 0 && self.normalised(scorer, feasible, &mut scores);
            all.push(says.then(|| scores.iter().map(|score| score * weight).collect()));
        }
        all
    }
}
