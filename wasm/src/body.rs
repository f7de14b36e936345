//! The part of a pod's message that deltas and decisions share: who it is, whom it wants near, what it takes.

use crate::decode::{DecodeError, Reader};

/// Numbers before the first section: handle, priority, start, terminating, the nominated node, and where the five
/// sections end.
pub const HEADER: usize = 10;

/// Numbers of four empty lists of terms.
const NO_TERMS: usize = 4;
/// Numbers of a spread section without constraints.
const NO_SPREAD: usize = 2;
const PRIORITY_MINIMUM: f64 = i32::MIN as f64;
const PRIORITY_MAXIMUM: f64 = i32::MAX as f64;

/// A message cut into its sections. Each is the identity of what it describes.
#[derive(Clone, Copy)]
pub struct Body<'a> {
    pub handle: u32,
    pub priority: i32,
    /// Milliseconds; infinite for a pod that has not started.
    pub start: f64,
    pub terminating: bool,
    /// The node on which room was made for it.
    pub nominated: Option<u32>,
    /// Namespace and labels.
    pub labels: &'a [f64],
    /// Terms of affinity and needs.
    pub shape: &'a [f64],
    pub volumes: &'a [f64],
    /// True where it has terms of affinity.
    pub has_terms: bool,
    /// Needs, volumes and what else only a node by itself decides.
    pub local: &'a [f64],
    /// Topology spread.
    pub spread: &'a [f64],
    /// Everything but the header.
    pub whole: &'a [f64],
}

impl<'a> Body<'a> {
    /// Reads a body that ends with its volumes, as deltas have it.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let start = reader.position();
        let head = reader.take(HEADER)?;
        let end = bound(head[8])?;
        let rest = end.checked_sub(HEADER).ok_or(DecodeError::WrongSection)?;
        reader.take(rest)?;
        let whole = reader.since(start);
        Body::cut(whole, whole.len())
    }

    /// The whole message of a pod that is to be placed.
    pub fn of(message: &'a [f64]) -> Result<Self, DecodeError> {
        let local_end = bound(*message.get(9).ok_or(DecodeError::Truncated)?)?;
        Body::cut(message, local_end)
    }

    /// True for a pod whose place depends on where other pods are.
    pub fn wants_company(&self) -> bool {
        self.has_terms || self.spread.len() > NO_SPREAD
    }

    fn cut(message: &'a [f64], local_end: usize) -> Result<Self, DecodeError> {
        let mut head = Reader::new(message);
        let handle = head.index()?;
        let priority = head.number()?.clamp(PRIORITY_MINIMUM, PRIORITY_MAXIMUM) as i32;
        let start = head.number()?;
        let terminating = head.flag()?;
        let nominated = head.optional()?;
        let labels_end = bound(head.number()?)?;
        let terms_end = bound(head.number()?)?;
        let shape_end = bound(head.number()?)?;
        let body_end = bound(head.number()?)?;
        let part = |from: usize, to: usize| message.get(from..to).ok_or(DecodeError::WrongSection);
        if body_end > local_end || local_end > message.len() {
            return Err(DecodeError::WrongSection);
        }
        Ok(Body {
            handle,
            priority,
            start: if start.is_nan() { f64::INFINITY } else { start },
            terminating,
            nominated,
            labels: part(HEADER, labels_end)?,
            shape: part(labels_end, shape_end)?,
            has_terms: terms_end > labels_end + NO_TERMS,
            volumes: part(shape_end, body_end)?,
            local: part(terms_end, local_end)?,
            spread: part(local_end, message.len())?,
            whole: part(HEADER, message.len())?,
        })
    }
}

fn bound(number: f64) -> Result<usize, DecodeError> {
    if number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0 {
        Ok(number as usize)
    } else {
        Err(DecodeError::NotAnIndex)
    }
}

/// Reads a whole section: what is left over is an error.
pub fn section<'a, T>(
    numbers: &'a [f64],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(numbers);
    let value = read(&mut reader)?;
    if reader.done() {
        Ok(value)
    } else {
        Err(DecodeError::WrongSection)
    }
}
