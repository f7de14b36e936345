//! Preemption's dry run: on which nodes the pod would fit if pods of lower priority left, and which of these is best.

use super::choose::{encode_refusals, Decision};
use super::search::Verdict;
use super::Asked;
use crate::decode::{DecodeError, Reader};
use crate::hash::QuickMap;
use crate::plugins::{Reason, Refusal};

/// The index under which refusals count that no filter is to blame for.
pub const NO_FILTER: usize = 31;
const CANDIDATES_MINIMUM: usize = 100;
const CANDIDATES_PERCENTAGE: usize = 10;

#[derive(Default)]
pub struct Options {
    /// Handles of pods that must stay; sorted.
    protected: Vec<u32>,
    /// Disruptions that each budget allows.
    budgets: Vec<i64>,
    /// A pod's handle to its budgets.
    covered: QuickMap<u32, Vec<u32>>,
    /// 0: by the number of nodes that could be helped.
    candidates: usize,
    offset: usize,
    /// Sorted names; None: all.
    within: Option<Vec<u32>>,
}

impl Options {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut options = Options {
            candidates: reader.index()? as usize,
            offset: reader.index()? as usize,
            protected: reader.list(|r| r.index())?,
            budgets: reader.list(|r| r.quantity())?,
            covered: QuickMap::default(),
            within: None,
        };
        for (handle, budgets) in
            reader.list(|r| Ok((r.index()?, r.list(|budget| budget.index())?)))?
        {
            options.covered.insert(handle, budgets);
        }
        options.within = reader.optional_list(|r| r.index())?;
        options.protected.sort_unstable();
        if let Some(names) = &mut options.within {
            names.sort_unstable();
        }
        Ok(options)
    }
}

#[derive(Clone, Debug)]
struct Victim {
    index: u32,
    handle: u32,
    priority: i32,
    start: f64,
}

impl Victim {
    /// The more important pod first: higher priority, then the one that has run longer.
    fn importance(&self, other: &Victim) -> core::cmp::Ordering {
        other
            .priority
            .cmp(&self.priority)
            .then(self.start.total_cmp(&other.start))
            .then(self.handle.cmp(&other.handle))
    }
}

struct Candidate {
    slot: u32,
    victims: Vec<Victim>,
    violations: u32,
}

impl Candidate {
    /// Upstream's criteria, the smallest being best.
    fn rank(&self) -> (u32, i32, i64, usize) {
        let sum = self
            .victims
            .iter()
            .map(|victim| i64::from(victim.priority) + (1 << 31))
            .sum();
        let highest = self.victims[0].priority;
        (self.violations, highest, sum, self.victims.len())
    }

    /// When the first of the most important victims started; the latest is best.
    fn earliest_start(&self) -> f64 {
        let highest = self.victims[0].priority;
        self.victims
            .iter()
            .filter(|victim| victim.priority == highest)
            .map(|victim| victim.start)
            .fold(f64::INFINITY, f64::min)
    }

    fn is_better(&self, other: &Candidate) -> bool {
        let (own, theirs) = (self.rank(), other.rank());
        own < theirs || (own == theirs && self.earliest_start() > other.earliest_start())
    }
}

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
        let wanted = match options.candidates {
            0 => CANDIDATES_MINIMUM.max(helpful.len() * CANDIDATES_PERCENTAGE / 100),
            asked => asked,
        };
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

    /// The victims on one node, or why there are none that help. The snapshot is afterwards as it was.
    fn dry_run(&mut self, slot: u32, options: &Options) -> Result<Candidate, Vec<Refusal>> {
        let mut lower = self.lower(slot, options);
        if lower.is_empty() {
            return Err(vec![Refusal::of(NO_FILTER, Reason::NoVictims, true)]);
        }
        for victim in &lower {
            self.snapshot.unplace(victim.index);
        }
        let mut refusals = Vec::new();
        if self.refused(slot, &mut refusals) {
            for victim in &lower {
                self.snapshot.place(victim.index, slot);
            }
            return Err(refusals);
        }
        lower.sort_by(Victim::importance);
        let (violating, others) = by_budget(lower, options);
        let both = !violating.is_empty() && !others.is_empty();
        let mut candidate = Candidate {
            slot,
            victims: Vec::new(),
            violations: 0,
        };
        let violations = violating.len();
        for (index, victim) in violating.into_iter().chain(others).enumerate() {
            self.snapshot.place(victim.index, slot);
            refusals.clear();
            if self.refused(slot, &mut refusals) {
                self.snapshot.unplace(victim.index);
                candidate.violations += u32::from(index < violations);
                candidate.victims.push(victim);
            }
        }
        for victim in &candidate.victims {
            self.snapshot.place(victim.index, slot);
        }
        if let Some(circle) = &mut self.circle {
            circle.replay(self.snapshot, &self.local.placement);
        }
        if both {
            candidate.victims.sort_by(Victim::importance);
        }
        Ok(candidate)
    }

    fn lower(&self, slot: u32, options: &Options) -> Vec<Victim> {
        self.snapshot.nodes.loads[slot as usize]
            .pods
            .iter()
            .filter_map(|index| {
                let pod = self.snapshot.pods.get(*index)?;
                let may = pod.priority < self.priority
                    && options.protected.binary_search(&pod.handle).is_err();
                may.then_some(Victim {
                    index: *index,
                    handle: pod.handle,
                    priority: pod.priority,
                    start: pod.start,
                })
            })
            .collect()
    }
}

/// Parts pods, the most important first, into those whose end would break a budget and the others.
fn by_budget(pods: Vec<Victim>, options: &Options) -> (Vec<Victim>, Vec<Victim>) {
    let mut allowed = options.budgets.clone();
    pods.into_iter().partition(|victim| {
        let mut violates = false;
        for budget in options.covered.get(&victim.handle).into_iter().flatten() {
            if let Some(left) = allowed.get_mut(*budget as usize) {
                *left -= 1;
                violates |= *left < 0;
            }
        }
        violates
    })
}
