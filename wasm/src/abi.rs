//! What JavaScript sees. The only file that hands out memory.

use crate::columns::Columns;
use crate::cycle;
use crate::decode::{apply, Reader};
use crate::explain;
use crate::plugins;
use crate::pod::PodSpec;
use wasm_bindgen::prelude::wasm_bindgen;

/// Numbers that one message may have: a bound on what a caller can make the module allocate.
const MESSAGE_NUMBERS_MAXIMUM: usize = 4 << 20;

/// Changes with every change of the message layout; both sides assert it.
const LAYOUT: u32 = 1;

/// A scheduler core with its own snapshot.
#[wasm_bindgen]
pub struct Core {
    columns: Columns,
    input: Vec<f64>,
    output: Vec<f64>,
    next_start: usize,
}

#[wasm_bindgen]
impl Core {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Core {
        Core {
            columns: Columns::default(),
            input: Vec::new(),
            output: Vec::new(),
            next_start: 0,
        }
    }

    /// The layout that this module speaks.
    pub fn layout() -> u32 {
        LAYOUT
    }

    /// The plugins in order, one `name:weight` a line (weight 0 for those that only filter).
    pub fn plugins() -> String {
        plugins::listing()
    }

    /// Makes room for a message of so many numbers and answers where in memory it goes; 0 when it is too large.
    pub fn reserve(&mut self, numbers: usize) -> *const f64 {
        if numbers > MESSAGE_NUMBERS_MAXIMUM {
            return core::ptr::null();
        }
        self.input.clear();
        self.input.resize(numbers, 0.0);
        self.input.as_ptr()
    }

    /// Applies the reserved message of deltas. Answers the empty string, or what is wrong with it.
    pub fn apply(&mut self) -> String {
        let input = core::mem::take(&mut self.input);
        let result = apply(&mut self.columns, &mut Reader::new(&input));
        self.input = input;
        match result {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    /// Decides on the pod in the reserved message. Answers how many numbers of output there are; 0: malformed.
    pub fn schedule(&mut self) -> usize {
        let Ok(pod) = PodSpec::decode(&mut Reader::new(&self.input)) else {
            return 0;
        };
        let decision = cycle::schedule(&self.columns, &pod, self.next_start);
        self.next_start = decision.next_start;
        self.output.clear();
        decision.encode(&mut self.output);
        self.output.len()
    }

    /// Every node's verdict for the pod in the reserved message. Answers as `schedule`.
    pub fn explain(&mut self) -> usize {
        let Ok(pod) = PodSpec::decode(&mut Reader::new(&self.input)) else {
            return 0;
        };
        self.output.clear();
        explain::explain(&self.columns, &pod, &mut self.output);
        self.output.len()
    }

    /// Where the output of the last call lies.
    pub fn output(&self) -> *const f64 {
        self.output.as_ptr()
    }

    /// Nodes in the snapshot.
    pub fn nodes(&self) -> usize {
        self.columns.len()
    }
}
