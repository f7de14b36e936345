//! What pods take and nodes have.

use crate::decode::{DecodeError, Reader};

/// Milli-CPU, bytes of memory, bytes of ephemeral storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    pub cpu: i64,
    pub memory: i64,
    pub storage: i64,
}

impl Amounts {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Amounts {
            cpu: reader.quantity()?,
            memory: reader.quantity()?,
            storage: reader.quantity()?,
        })
    }
}

/// A resource other than the three above.
pub type Scalar = (u32, i64);

pub fn scalars(reader: &mut Reader<'_>) -> Result<Vec<Scalar>, DecodeError> {
    reader.list(|r| Ok((r.index()?, r.quantity()?)))
}

pub fn amount_of(scalars: &[Scalar], resource: u32) -> i64 {
    scalars
        .iter()
        .find(|(other, _)| *other == resource)
        .map_or(0, |(_, amount)| *amount)
}

/// A port on the node's own address. `ip` 0 is every address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort {
    pub ip: u32,
    pub protocol: u32,
    pub port: u32,
}

impl HostPort {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(HostPort {
            ip: reader.index()?,
            protocol: reader.index()?,
            port: reader.index()?,
        })
    }

    pub fn clashes(&self, other: &HostPort) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == 0 || other.ip == 0)
    }
}

/// A volume that counts against a driver's limit: the driver and the volume's handle.
pub type VolumeUse = (u32, u32);

pub fn volume_uses(reader: &mut Reader<'_>) -> Result<Vec<VolumeUse>, DecodeError> {
    reader.list(|r| Ok((r.index()?, r.index()?)))
}

/// A pod's needs as sums have them: what it asks for, and what scoring assumes for containers that ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub requests: Amounts,
    pub assumed_cpu: i64,
    pub assumed_memory: i64,
    pub scalars: Vec<Scalar>,
    pub ports: Vec<HostPort>,
}

impl Needs {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Needs {
            requests: Amounts::decode(reader)?,
            assumed_cpu: reader.quantity()?,
            assumed_memory: reader.quantity()?,
            scalars: scalars(reader)?,
            ports: reader.list(HostPort::decode)?,
        })
    }

    /// True for a pod that asks for nothing that can run out.
    pub fn asks_nothing(&self) -> bool {
        self.requests == Amounts::default() && self.scalars.iter().all(|(_, amount)| *amount == 0)
    }
}
