//! What changes the snapshot.

use crate::body::Body;
use crate::decode::{DecodeError, Reader};
use crate::snapshot::nodes::NodeRecord;
use crate::snapshot::Snapshot;

const PUT_NODE: u32 = 1;
const REMOVE_NODE: u32 = 2;
const PUT_POD: u32 = 3;
const REMOVE_POD: u32 = 4;
const NOMINATE: u32 = 5;
const DENOMINATE: u32 = 6;
const PUT_NAMESPACE: u32 = 7;
const REMOVE_NAMESPACE: u32 = 8;

/// Applies deltas until the message ends; what came before an error stays applied.
pub fn apply(snapshot: &mut Snapshot, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    while !reader.done() {
        match reader.index()? {
            PUT_NODE => snapshot.put_node(NodeRecord::decode(reader)?),
            REMOVE_NODE => snapshot.remove_node(reader.index()?),
            operation @ (PUT_POD | NOMINATE) => {
                let node = reader.index()?;
                let body = Body::read(reader)?;
                snapshot.put_pod(node, &body, operation == NOMINATE)?;
            }
            REMOVE_POD => snapshot.remove_pod(reader.index()?),
            DENOMINATE => snapshot.denominate(reader.index()?),
            PUT_NAMESPACE => {
                let name = reader.index()?;
                let labels = reader.list(|r| Ok((r.index()?, r.index()?)))?;
                snapshot.put_namespace(name, labels);
            }
            REMOVE_NAMESPACE => snapshot.remove_namespace(reader.index()?),
            _ => return Err(DecodeError::UnknownOperation),
        }
    }
    Ok(())
}
