//! Profiles: which plugins filter and score, with which weights and arguments.

use crate::decode::{DecodeError, Reader};
use crate::terms::Term;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Cpu,
    Memory,
    Storage,
    Scalar(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    LeastAllocated,
    MostAllocated,
    RequestedToCapacityRatio,
}

#[derive(Clone, Debug)]
pub struct Profile {
    /// Bit i: filter i is not asked.
    pub disabled: u32,
    /// By scorer; 0: it does not score.
    pub weights: Vec<i64>,
    pub strategy: Strategy,
    pub fit_resources: Vec<(Resource, i64)>,
    /// Utilization and score of each corner, 0 to 100.
    pub shape: Vec<(i64, i64)>,
    pub balanced_resources: Vec<Resource>,
    pub added_required: Option<Vec<Term>>,
    pub added_preferred: Vec<(i64, Term)>,
    pub hard_affinity_weight: i64,
    pub ignore_preferred_of_existing: bool,
    /// 0: as upstream, by the number of nodes.
    pub percentage: i64,
}

/// All profiles, and the key whose domains are single nodes.
#[derive(Clone, Debug)]
pub struct Profiles {
    pub hostname: u32,
    pub list: Vec<Profile>,
}

impl Default for Profiles {
    fn default() -> Self {
        Profiles {
            hostname: 0,
            list: vec![Profile::default()],
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Profile {
            disabled: 0,
            weights: vec![3, 2, 1, 2, 2, 1, 1],
            strategy: Strategy::LeastAllocated,
            fit_resources: vec![(Resource::Cpu, 1), (Resource::Memory, 1)],
            shape: Vec::new(),
            balanced_resources: vec![Resource::Cpu, Resource::Memory],
            added_required: None,
            added_preferred: Vec::new(),
            hard_affinity_weight: 1,
            ignore_preferred_of_existing: false,
            percentage: 0,
        }
    }
}

fn resource(reader: &mut Reader<'_>) -> Result<Resource, DecodeError> {
    let kind = reader.index()?;
    let name = reader.index()?;
    Ok(match kind {
        1 => Resource::Cpu,
        2 => Resource::Memory,
        3 => Resource::Storage,
        _ => Resource::Scalar(name),
    })
}

impl Profile {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Profile {
            disabled: reader.index()?,
            weights: reader.list(|r| r.weight())?,
            strategy: match reader.index()? {
                0 => Strategy::LeastAllocated,
                1 => Strategy::MostAllocated,
                _ => Strategy::RequestedToCapacityRatio,
            },
            fit_resources: reader.list(|r| Ok((resource(r)?, r.weight()?)))?,
            shape: reader.list(|r| Ok((r.weight()?, r.weight()?)))?,
            balanced_resources: reader.list(resource)?,
            added_required: reader.optional_list(Term::decode)?,
            added_preferred: reader.list(|r| Ok((r.weight()?, Term::decode(r)?)))?,
            hard_affinity_weight: reader.weight()?,
            ignore_preferred_of_existing: reader.flag()?,
            percentage: reader.quantity()?,
        })
    }

    /// A scorer's weight; 0 where it does not score.
    pub fn weight(&self, scorer: usize) -> i64 {
        self.weights.get(scorer).copied().unwrap_or(0)
    }

    pub fn filters(&self, filter: usize) -> bool {
        self.disabled & (1 << filter.min(31)) == 0
    }

    /// How many feasible nodes end the search.
    pub fn enough(&self, nodes: usize) -> usize {
        let minimum = 100;
        let percentage = match self.percentage {
            0 => (50 - (nodes / 125) as i64).max(5),
            configured => configured,
        };
        if nodes < minimum || percentage >= 100 {
            return nodes;
        }
        minimum.max(nodes * percentage.max(0) as usize / 100)
    }
}

impl Profiles {
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let profiles = Profiles {
            hostname: reader.index()?,
            list: reader.list(Profile::decode)?,
        };
        if profiles.list.is_empty() || !reader.done() {
            return Err(DecodeError::WrongSection);
        }
        Ok(profiles)
    }
}
