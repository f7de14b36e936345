//! Preemption's dry run: on which nodes the pod would fit if pods of lower priority left, and which of these is best.

mod candidate;
mod dry_run;
mod options;

pub use options::Options;

use super::choose::{encode_refusals, Decision};
use super::search::Verdict;
use super::Asked;
use crate::plugins::{Reason, Refusal};
use candidate::Candidate;

/// The index under which refusals count that no filter is to blame for.
pub const NO_FILTER: usize = 31;

impl Asked<'_> {
    /// Writes the candidates (name, violations, victims' handles), the chosen one's index or -1, and the refusals.
    pub fn preempt(&mut self, options: &Options, out: &mut Vec<f64>) {
        let nodes = self.snapshot.nodes.len();
        let mut account = Decision::default();
        let helpful = self.helpful(options);
        let unhelpful = (nodes - helpful.len()) as u32;
        if unhelpful > 0 {
            let refusal = Refusal::of(NO_FILTER, Reason::NotHelpful, true);
            account.refusals.insert(refusal, unhelpful);
        }
        let share = helpful.len().saturating_mul(options.percentage) / 100;
        let wanted = options.minimum.max(share);
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut harmless = 0;
        for step in 0..helpful.len() {
            if harmless > 0 && candidates.len() >= wanted {
                break;
            }
            let slot = helpful[(options.offset % helpful.len() + step) % helpful.len()];
            match self.dry_run(slot, options) {
                Ok(candidate) if candidate.victims.is_empty() => {}
                Ok(candidate) => {
                    harmless += usize::from(candidate.violations == 0);
                    candidates.push(candidate);
                }
                Err(refusals) => {
                    for refusal in refusals {
                        *account.refusals.entry(refusal).or_insert(0) += 1;
                    }
                }
            }
        }
        self.write(&candidates, &account, out);
    }

    fn write(&self, candidates: &[Candidate], account: &Decision, out: &mut Vec<f64>) {
        let mut best: Option<usize> = None;
        out.push(candidates.len() as f64);
        for (index, candidate) in candidates.iter().enumerate() {
            if best.is_none_or(|best| candidate.is_better(&candidates[best])) {
                best = Some(index);
            }
            out.push(f64::from(self.snapshot.nodes.name(candidate.slot)));
            out.push(f64::from(candidate.violations));
            out.push(candidate.victims.len() as f64);
            out.extend(
                candidate
                    .victims
                    .iter()
                    .map(|victim| f64::from(victim.handle)),
            );
        }
        out.push(best.map_or(-1.0, |best| best as f64));
        encode_refusals(&account.refusals, out);
    }

    /// Nodes that refuse in a way that removing pods could mend, in order.
    fn helpful(&mut self, options: &Options) -> Vec<u32> {
        if self.contradicts_itself() {
            return Vec::new();
        }
        let mut slots = self.candidates();
        slots.retain(|slot| {
            let name = self.snapshot.nodes.name(*slot);
            match &options.within {
                // Who names nodes knows that they refuse, perhaps by a plugin outside.
                Some(names) => names.binary_search(&name).is_ok(),
                None => self.verdict(*slot) == Verdict::Resolvable,
            }
        });
        slots
    }
}
