//! The scheduler's filter and score core. Nodes and the pods on them are columns; TypeScript sends deltas and asks for
//! one decision a pod, over all nodes, in one call. Every value crosses the boundary as a 64-bit float in one buffer:
//! names and strings as interned numbers, quantities as whole numbers. Formulas are kube-scheduler's.

mod abi;
pub mod columns;
pub mod cycle;
pub mod decode;
pub mod explain;
pub mod plugins;
pub mod pod;

pub use abi::Core;
