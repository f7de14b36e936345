//! A pod that names its node goes there or nowhere.

use super::{Reason, Refusal};
use crate::columns::Columns;
use crate::pod::PodSpec;

pub fn filter(columns: &Columns, slot: usize, pod: &PodSpec, refusals: &mut Vec<Refusal>) {
    if pod
        .node_name
        .is_some_and(|name| name != columns.names[slot])
    {
        refusals.push(Refusal::of(Reason::NodeName, true));
    }
}
