//! Reads messages. Every length is checked: a malformed message is an error, never a wrong read.

use crate::columns::{Columns, NodeRecord, PodRecord};
use core::fmt;

/// A message that does not follow the layout.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodeError {
    Truncated,
    NotAnIndex,
    UnknownOperation,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecodeError::Truncated => "message ends early",
            DecodeError::NotAnIndex => "a number is not an index",
            DecodeError::UnknownOperation => "unknown operation",
        })
    }
}

const QUANTITY_MAXIMUM: f64 = 9_007_199_254_740_992.0;

/// A cursor over a message.
pub struct Reader<'a> {
    numbers: &'a [f64],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(numbers: &'a [f64]) -> Self {
        Reader { numbers, at: 0 }
    }

    pub fn done(&self) -> bool {
        self.at >= self.numbers.len()
    }

    pub fn number(&mut self) -> Result<f64, DecodeError> {
        let value = *self.numbers.get(self.at).ok_or(DecodeError::Truncated)?;
        self.at += 1;
        Ok(value)
    }

    /// A quantity: a whole number within what a float holds exactly, so that sums and percentages never overflow.
    pub fn quantity(&mut self) -> Result<i64, DecodeError> {
        Ok(self.number()?.clamp(-QUANTITY_MAXIMUM, QUANTITY_MAXIMUM) as i64)
    }

    /// An interned string, a slot or a count.
    pub fn index(&mut self) -> Result<u32, DecodeError> {
        let value = self.number()?;
        if value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0 {
            Ok(value as u32)
        } else {
            Err(DecodeError::NotAnIndex)
        }
    }

    /// An index, or -1 for none.
    pub fn optional(&mut self) -> Result<Option<u32>, DecodeError> {
        if self.numbers.get(self.at) == Some(&-1.0) {
            self.at += 1;
            return Ok(None);
        }
        self.index().map(Some)
    }

    pub fn flag(&mut self) -> Result<bool, DecodeError> {
        Ok(self.number()? != 0.0)
    }

    /// A count and so many items.
    pub fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.index()? as usize;
        // Every item has at least one number: a larger count is a lie, and must not reserve memory.
        if count > self.numbers.len() - self.at.min(self.numbers.len()) {
            return Err(DecodeError::Truncated);
        }
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }
}

const PUT_NODE: u32 = 1;
const REMOVE_NODE: u32 = 2;
const PUT_POD: u32 = 3;
const REMOVE_POD: u32 = 4;

/// Applies deltas until the message ends; what came before an error stays applied.
pub fn apply(columns: &mut Columns, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    while !reader.done() {
        match reader.index()? {
            PUT_NODE => columns.put_node(NodeRecord::decode(reader)?),
            REMOVE_NODE => columns.remove_node(reader.index()?),
            PUT_POD => columns.put_pod(PodRecord::decode(reader)?),
            REMOVE_POD => columns.remove_pod(reader.index()?),
            _ => return Err(DecodeError::UnknownOperation),
        }
    }
    Ok(())
}
