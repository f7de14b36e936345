//! A cordoned node takes only pods that tolerate the taint it stands for.

use super::{Reason, Refusal};
use crate::columns::Columns;
use crate::pod::PodSpec;

pub fn filter(columns: &Columns, slot: usize, pod: &PodSpec, refusals: &mut Vec<Refusal>) {
    if columns.unschedulable[slot] && !pod.tolerates_unschedulable {
        refusals.push(Refusal::of(Reason::Unschedulable, true));
    }
}
