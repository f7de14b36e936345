//! Node selector terms.

use crate::decode::{DecodeError, Reader};

/// A label with its value as a number where it is one: `Gt` and `Lt` compare that.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub key: u32,
    pub value: u32,
    pub number: f64,
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        // The number follows from the value.
        self.key == other.key && self.value == other.value
    }
}

/// A node's label; labels are sorted by key.
pub fn label(labels: &[Label], key: u32) -> Option<&Label> {
    labels
        .binary_search_by_key(&key, |label| label.key)
        .ok()
        .map(|at| &labels[at])
}

/// One requirement of a node selector term.
#[derive(Clone, Debug)]
pub struct Requirement {
    pub key: u32,
    pub operator: u32,
    pub values: Vec<u32>,
    /// The bound of `Gt` and `Lt`; not a number where the pod gave none.
    pub bound: f64,
}

pub const IN: u32 = 1;
pub const NOT_IN: u32 = 2;
pub const EXISTS: u32 = 3;
pub const DOES_NOT_EXIST: u32 = 4;
pub const GREATER: u32 = 5;
pub const LESS: u32 = 6;

impl Requirement {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Requirement {
            key: reader.index()?,
            operator: reader.index()?,
            values: reader.list(|r| r.index())?,
            bound: reader.number()?,
        })
    }

    fn matches(&self, found: Option<&Label>) -> bool {
        match (self.operator, found) {
            (IN, Some(label)) => self.values.contains(&label.value),
            (NOT_IN, Some(label)) => !self.values.contains(&label.value),
            (NOT_IN | DOES_NOT_EXIST, None) => true,
            (EXISTS, Some(_)) => true,
            (GREATER, Some(label)) => label.number > self.bound,
            (LESS, Some(label)) => label.number < self.bound,
            _ => false,
        }
    }
}

/// Expressions over labels and over the node's name, all of which must match. A term without any matches nothing.
#[derive(Clone, Debug)]
pub struct Term {
    pub expressions: Vec<Requirement>,
    pub fields: Vec<Requirement>,
}

impl Term {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Term {
            expressions: reader.list(Requirement::decode)?,
            fields: reader.list(Requirement::decode)?,
        })
    }

    pub fn matches(&self, labels: &[Label], name: u32) -> bool {
        if self.expressions.is_empty() && self.fields.is_empty() {
            return false;
        }
        let own = Label {
            key: 0,
            value: name,
            number: f64::NAN,
        };
        self.expressions
            .iter()
            .all(|requirement| requirement.matches(label(labels, requirement.key)))
            && self
                .fields
                .iter()
                .all(|requirement| requirement.matches(Some(&own)))
    }

    /// The names that the term's fields leave; None where it has no `In` over the name.
    fn names(&self) -> Option<Vec<u32>> {
        let mut names: Option<Vec<u32>> = None;
        for field in self.fields.iter().filter(|field| field.operator == IN) {
            names = Some(match names {
                None => field.values.clone(),
                Some(before) => before
                    .into_iter()
                    .filter(|name| field.values.contains(name))
                    .collect(),
            });
        }
        names
    }
}

/// Terms any of which must match, or None where nothing is asked.
pub fn any_matches(terms: &Option<Vec<Term>>, labels: &[Label], name: u32) -> bool {
    terms
        .as_ref()
        .is_none_or(|terms| terms.iter().any(|term| term.matches(labels, name)))
}

/// The only nodes that the terms leave by name; None where one term is free in it.
pub fn named(terms: &Option<Vec<Term>>) -> Option<Vec<u32>> {
    let terms = terms.as_ref()?;
    if terms.is_empty() {
        return None;
    }
    let mut all = Vec::new();
    for term in terms {
        all.extend(term.names()?);
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}
