//! Selectors: of pods by their labels, and the terms with which pods ask for other pods' company.

use crate::decode::{DecodeError, Reader};
use crate::hash::QuickMap;
use crate::terms::{DOES_NOT_EXIST, EXISTS, IN, NOT_IN};

/// A pod's labels, sorted by key.
pub type PodLabels = [(u32, u32)];

pub fn pod_label(labels: &PodLabels, key: u32) -> Option<u32> {
    labels
        .binary_search_by_key(&key, |label| label.0)
        .ok()
        .map(|at| labels[at].1)
}

#[derive(Clone, Debug)]
struct Requirement {
    key: u32,
    operator: u32,
    values: Vec<u32>,
}

/// None stands for a selector that was not given: it matches nothing. One without requirements matches everything.
#[derive(Clone, Debug)]
pub struct Selector(Option<Vec<Requirement>>);

impl Selector {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if !reader.flag()? {
            return Ok(Selector(None));
        }
        Ok(Selector(Some(reader.list(|r| {
            Ok(Requirement {
                key: r.index()?,
                operator: r.index()?,
                values: r.list(|r| r.index())?,
            })
        })?)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }

    pub fn matches(&self, labels: &PodLabels) -> bool {
        let Some(requirements) = &self.0 else {
            return false;
        };
        requirements.iter().all(|requirement| {
            let found = pod_label(labels, requirement.key);
            match requirement.operator {
                IN => found.is_some_and(|value| requirement.values.contains(&value)),
                NOT_IN => found.is_none_or(|value| !requirement.values.contains(&value)),
                EXISTS => found.is_some(),
                DOES_NOT_EXIST => found.is_none(),
                _ => false,
            }
        })
    }
}

/// Labels of namespaces, sorted by key.
pub type Namespaces = QuickMap<u32, Vec<(u32, u32)>>;

/// Which pods a term of affinity means; the topology key stands beside it.
#[derive(Clone, Debug)]
pub struct Company {
    pub namespaces: Vec<u32>,
    pub namespace_selector: Option<Selector>,
    pub selector: Selector,
    /// The part of the message that it was read from: its identity.
    pub key: Box<[f64]>,
}

impl Company {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start = reader.position();
        let namespaces = reader.list(|r| r.index())?;
        let namespace_selector = if reader.flag()? {
            Some(Selector::decode(reader)?)
        } else {
            None
        };
        let selector = Selector::decode(reader)?;
        Ok(Company {
            namespaces,
            namespace_selector,
            selector,
            key: reader.since(start).into(),
        })
    }

    pub fn matches(&self, known: &Namespaces, namespace: u32, labels: &PodLabels) -> bool {
        let here = self.namespaces.contains(&namespace)
            || self.namespace_selector.as_ref().is_some_and(|selector| {
                selector.matches(known.get(&namespace).map_or(&[], Vec::as_slice))
            });
        here && self.selector.matches(labels)
    }
}

#[derive(Clone, Debug)]
pub struct AffinityTerm {
    pub topology: u32,
    pub company: Company,
}

impl AffinityTerm {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(AffinityTerm {
            topology: reader.index()?,
            company: Company::decode(reader)?,
        })
    }
}

/// A pod's terms of all four kinds.
#[derive(Clone, Debug, Default)]
pub struct AffinityTerms {
    pub required: Vec<AffinityTerm>,
    pub required_anti: Vec<AffinityTerm>,
    pub preferred: Vec<(i64, AffinityTerm)>,
    pub preferred_anti: Vec<(i64, AffinityTerm)>,
}

impl AffinityTerms {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(AffinityTerms {
            required: reader.list(AffinityTerm::decode)?,
            required_anti: reader.list(AffinityTerm::decode)?,
            preferred: reader.list(|r| Ok((r.weight()?, AffinityTerm::decode(r)?)))?,
            preferred_anti: reader.list(|r| Ok((r.weight()?, AffinityTerm::decode(r)?)))?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.required.is_empty()
            && self.required_anti.is_empty()
            && self.preferred.is_empty()
            && self.preferred_anti.is_empty()
    }
}
