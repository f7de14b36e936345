//! The pod to be placed, as a message carries it.

use crate::columns::{scalars, Amounts, HostPort, Label, Scalar};
use crate::decode::{DecodeError, Reader};

/// One requirement of a node selector term.
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
pub struct Term {
    pub expressions: Vec<Requirement>,
    pub fields: Vec<Requirement>,
}

impl Term {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
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
}

/// A node's label; labels are sorted by key.
pub fn label(labels: &[Label], key: u32) -> Option<&Label> {
    labels
        .binary_search_by_key(&key, |label| label.key)
        .ok()
        .map(|at| &labels[at])
}

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

pub struct PodSpec {
    /// spec.nodeName of the request, as an interned name.
    pub node_name: Option<u32>,
    /// Tolerates the taint that cordoning stands for.
    pub tolerates_unschedulable: bool,
    pub requests: Amounts,
    pub assumed_cpu: i64,
    pub assumed_memory: i64,
    pub scalars: Vec<Scalar>,
    pub tolerations: Vec<Toleration>,
    pub node_selector: Vec<(u32, u32)>,
    /// Required terms, any of which must match; None where the pod has no such rule.
    pub required: Option<Vec<Term>>,
    pub preferred: Vec<(i64, Term)>,
    pub ports: Vec<HostPort>,
    pub images: Vec<u32>,
    pub containers: i64,
    /// How many feasible nodes are enough; 0: all.
    pub enough: usize,
}

impl PodSpec {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(PodSpec {
            node_name: reader.optional()?,
            tolerates_unschedulable: reader.flag()?,
            requests: Amounts::decode(reader)?,
            assumed_cpu: reader.quantity()?,
            assumed_memory: reader.quantity()?,
            scalars: scalars(reader)?,
            tolerations: reader.list(Toleration::decode)?,
            node_selector: reader.list(|r| Ok((r.index()?, r.index()?)))?,
            required: if reader.flag()? {
                Some(reader.list(Term::decode)?)
            } else {
                None
            },
            preferred: reader.list(|r| Ok((r.quantity()?, Term::decode(r)?)))?,
            ports: reader.list(HostPort::decode)?,
            images: reader.list(|r| r.index())?,
            containers: reader.quantity()?,
            enough: reader.index()? as usize,
        })
    }

    /// True for a pod that asks for nothing that can run out.
    pub fn asks_nothing(&self) -> bool {
        self.requests == Amounts::default() && self.scalars.iter().all(|(_, amount)| *amount == 0)
    }
}
