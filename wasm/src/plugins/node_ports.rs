//! Two pods cannot have the same port of one node.

use super::{Reason, Refusal};
use crate::columns::Columns;
use crate::pod::PodSpec;

pub fn filter(columns: &Columns, slot: usize, pod: &PodSpec, refusals: &mut Vec<Refusal>) {
    let taken = &columns.ports[slot];
    if pod
        .ports
        .iter()
        .any(|port| taken.iter().any(|other| port.clashes(other)))
    {
        refusals.push(Refusal::of(Reason::Ports, false));
    }
}
