//! The scheduler's filter and score core. Nodes and the pods on them are columns; TypeScript sends deltas and asks for
//! one decision a pod, over all nodes, in one call. Every value crosses the boundary as a 64-bit float in one buffer:
//! names and strings as interned numbers, quantities as whole numbers. Formulas are kube-scheduler's.

mod abi;
pub mod amounts;
pub mod body;
pub mod cache;
pub mod company;
pub mod cycle;
pub mod decode;
pub mod delta;
pub mod hash;
pub mod placement;
pub mod plugins;
pub mod pool;
pub mod profile;
pub mod selector;
pub mod snapshot;
pub mod terms;

pub use abi::Core;
