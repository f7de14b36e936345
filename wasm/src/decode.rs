//! Reads messages. Every length is checked: a malformed message is an error, never a wrong read.

use core::fmt;

/// A message that does not follow the layout.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodeError {
    Truncated,
    NotAnIndex,
    UnknownOperation,
    WrongSection,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecodeError::Truncated => "message ends early",
            DecodeError::NotAnIndex => "a number is not an index",
            DecodeError::UnknownOperation => "unknown operation",
            DecodeError::WrongSection => "a section does not end where the message says",
        })
    }
}

/// A petabyte, or a trillion cores: a hundred times the sum of what eighty such pods ask still fits into 64 bits.
const QUANTITY_MAXIMUM: f64 = 1_125_899_906_842_624.0;
const WEIGHT_MAXIMUM: f64 = 1_000_000.0;

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

    pub fn position(&self) -> usize {
        self.at
    }

    /// What was read since then.
    pub fn since(&self, start: usize) -> &'a [f64] {
        &self.numbers[start..self.at]
    }

    /// The next so many numbers, read over.
    pub fn take(&mut self, count: usize) -> Result<&'a [f64], DecodeError> {
        let rest = self.numbers.get(self.at..).ok_or(DecodeError::Truncated)?;
        let taken = rest.get(..count).ok_or(DecodeError::Truncated)?;
        self.at += count;
        Ok(taken)
    }

    pub fn number(&mut self) -> Result<f64, DecodeError> {
        let value = *self.numbers.get(self.at).ok_or(DecodeError::Truncated)?;
        self.at += 1;
        Ok(value)
    }

    /// A quantity: a whole number, not negative.
    pub fn quantity(&mut self) -> Result<i64, DecodeError> {
        Ok(self.number()?.clamp(0.0, QUANTITY_MAXIMUM) as i64)
    }

    pub fn weight(&mut self) -> Result<i64, DecodeError> {
        Ok(self.number()?.clamp(-WEIGHT_MAXIMUM, WEIGHT_MAXIMUM) as i64)
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

    /// A list, or None where a flag says that there is none.
    pub fn optional_list<T>(
        &mut self,
        item: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        if self.flag()? {
            self.list(item).map(Some)
        } else {
            Ok(None)
        }
    }
}
