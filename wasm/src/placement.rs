//! What a pod that is to be placed asks of single nodes, and how it wants to be spread.

use crate::amounts::{volume_uses, Needs, VolumeUse};
use crate::decode::{DecodeError, Reader};
use crate::selector::Selector;
use crate::snapshot::pods::Pods;
use crate::terms::{any_matches, Label, Term};

pub struct Toleration {
    /// None tolerates every key.
    pub key: Option<u32>,
    pub operator: u32,
    pub value: u32,
    /// None tolerates every effect.
    pub effect: Option<u32>,
    pub number: f64,
}

pub const TOLERATE_EXISTS: u32 = 1;
pub const TOLERATE_EQUAL: u32 = 2;
pub const TOLERATE_LESS: u32 = 3;
pub const TOLERATE_GREATER: u32 = 4;

impl Toleration {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Toleration {
            key: reader.optional()?,
            operator: reader.index()?,
            value: reader.index()?,
            effect: reader.optional()?,
            number: reader.number()?,
        })
    }
}

/// A rule that was found outside: which nodes it leaves, and the plugin in whose place it stands.
pub struct Extra {
    /// The filter's index; past the last one for a plugin that the core does not know.
    pub filter: usize,
    /// Interned: the plugin's name, and the text of the refusal.
    pub plugin: u32,
    pub reason: u32,
    pub unresolvable: bool,
    terms: Option<Vec<Term>>,
    /// Sorted names.
    names: Option<Vec<u32>>,
    except: Option<Vec<u32>>,
    /// Handles of pods; the rule falls when none of them is on a node any more.
    holders: Vec<u32>,
}

impl Extra {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut extra = Extra {
            filter: reader.index()? as usize,
            plugin: reader.index()?,
            reason: reader.index()?,
            unresolvable: reader.flag()?,
            terms: reader.optional_list(Term::decode)?,
            names: reader.optional_list(|r| r.index())?,
            except: reader.optional_list(|r| r.index())?,
            holders: reader.list(|r| r.index())?,
        };
        for names in [&mut extra.names, &mut extra.except].into_iter().flatten() {
            names.sort_unstable();
        }
        Ok(extra)
    }

    pub fn leaves(&self, labels: &[Label], name: u32, pods: &Pods) -> bool {
        let within = |names: &Vec<u32>| names.binary_search(&name).is_ok();
        let gone = |holder: &u32| !pods.is_placed(*holder);
        if !self.holders.is_empty() && self.holders.iter().all(gone) {
            return true;
        }
        self.names.as_ref().is_none_or(within)
            && !self.except.as_ref().is_some_and(within)
            && any_matches(&self.terms, labels, name)
    }
}

/// All of a pod that one node by itself answers.
pub struct Placement {
    pub needs: Needs,
    pub volumes: Vec<VolumeUse>,
    pub profile: usize,
    /// spec.nodeName of the request, as an interned name.
    pub node_name: Option<u32>,
    /// Tolerates the taint that cordoning stands for.
    pub tolerates_unschedulable: bool,
    pub tolerations: Vec<Toleration>,
    pub node_selector: Vec<(u32, u32)>,
    /// Required terms, any of which must match; None where the pod has no such rule.
    pub required: Option<Vec<Term>>,
    pub preferred: Vec<(i64, Term)>,
    pub images: Vec<u32>,
    pub containers: i64,
    pub features: Vec<u32>,
    /// Scalars that are asked for and not looked at.
    pub ignored: Vec<u32>,
    /// Scalars that devices may serve on nodes that have none.
    pub by_devices: Vec<u32>,
    pub extras: Vec<Extra>,
}

impl Placement {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Placement {
            needs: Needs::decode(reader)?,
            volumes: volume_uses(reader)?,
            profile: reader.index()? as usize,
            node_name: reader.optional()?,
            tolerates_unschedulable: reader.flag()?,
            tolerations: reader.list(Toleration::decode)?,
            node_selector: reader.list(|r| Ok((r.index()?, r.index()?)))?,
            required: reader.optional_list(Term::decode)?,
            preferred: reader.list(|r| Ok((r.weight()?, Term::decode(r)?)))?,
            images: reader.list(|r| r.index())?,
            containers: reader.quantity()?,
            features: reader.list(|r| r.index())?,
            ignored: reader.list(|r| r.index())?,
            by_devices: reader.list(|r| r.index())?,
            extras: reader.list(Extra::decode)?,
        })
    }
}

/// One constraint of topology spread.
pub struct Spread {
    pub max_skew: i64,
    pub topology: u32,
    /// DoNotSchedule; else ScheduleAnyway.
    pub required: bool,
    pub min_domains: i64,
    /// Nodes that the pod's own node affinity leaves out do not count.
    pub honor_affinity: bool,
    /// Nodes whose taints the pod does not tolerate do not count.
    pub honor_taints: bool,
    pub selector: Selector,
    /// The selector's part of the message.
    pub key: Box<[f64]>,
}

pub struct Spreads {
    pub constraints: Vec<Spread>,
    /// The constraints are the system's: nodes without one of the keys are still scored.
    pub lenient: bool,
}

impl Spreads {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Spreads {
            lenient: reader.flag()?,
            constraints: reader.list(|r| {
                let max_skew = r.weight()?;
                let topology = r.index()?;
                let required = r.flag()?;
                let min_domains = r.quantity()?;
                let honor_affinity = r.flag()?;
                let honor_taints = r.flag()?;
                let start = r.position();
                let selector = Selector::decode(r)?;
                Ok(Spread {
                    max_skew,
                    topology,
                    required,
                    min_domains,
                    honor_affinity,
                    honor_taints,
                    selector,
                    key: r.since(start).into(),
                })
            })?,
        })
    }
}
