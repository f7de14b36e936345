//! What JavaScript sees. The only file that hands out memory.

use crate::cycle::preempt::Options;
use crate::cycle::Engine;
use crate::decode::{DecodeError, Reader};
use wasm_bindgen::prelude::wasm_bindgen;

/// Numbers that one message may have: a bound on what a caller can make the module allocate.
const MESSAGE_NUMBERS_MAXIMUM: usize = 4 << 20;

/// Interned strings that one core may have.
const STRINGS_MAXIMUM: usize = 1 << 26;

/// Changes with every change of the message layout; both sides assert it.
const LAYOUT: u32 = 6;

/// A scheduler core with its own snapshot. A message is written where `reserve` says, and then named by a call.
#[wasm_bindgen]
pub struct Core {
    engine: Engine,
    input: Vec<f64>,
    output: Vec<f64>,
}

#[wasm_bindgen]
impl Core {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Core {
        Core {
            engine: Engine::default(),
            input: Vec::new(),
            output: Vec::new(),
        }
    }

    /// The layout that this module speaks.
    pub fn layout() -> u32 {
        LAYOUT
    }

    /// Makes room for a message of so many numbers and answers where in memory it goes; 0 when it is too large.
    pub fn reserve(&mut self, numbers: usize) -> *const f64 {
        if numbers > MESSAGE_NUMBERS_MAXIMUM {
            return core::ptr::null();
        }
        self.input.resize(numbers, 0.0);
        self.input.as_ptr()
    }

    /// Applies the message of deltas. Answers the empty string, or what is wrong with it.
    pub fn apply(&mut self) -> String {
        said(self.engine.apply(&self.input))
    }

    /// Takes the message of profiles. Answers as `apply`.
    pub fn configure(&mut self) -> String {
        said(self.engine.configure(&self.input))
    }

    /// Puts the pod of the message, as it was encoded to be placed, on a node. Answers as `apply`.
    pub fn assume(&mut self, node: u32) -> String {
        said(self.engine.assume(node, &self.input))
    }

    /// Decides on the pod of the message. Answers how many numbers of output there are; 0: malformed.
    pub fn schedule(&mut self) -> usize {
        self.answer(0, |engine, pod, _, out| {
            engine.ask(pod)?.decide().encode(out);
            Ok(())
        })
    }

    /// The filters alone. Answers as `schedule`.
    pub fn filter(&mut self) -> usize {
        self.answer(0, |engine, pod, _, out| {
            engine.ask(pod)?.filter(out);
            Ok(())
        })
    }

    /// Scores of nodes: the first `options` numbers of the message are a list of names. Answers as `schedule`.
    pub fn score(&mut self, options: usize) -> usize {
        self.answer(options, |engine, pod, options, out| {
            let names = options.list(|r| r.index())?;
            engine.ask(pod)?.score(&names, out);
            Ok(())
        })
    }

    /// Every node's verdict. Answers as `schedule`.
    pub fn explain(&mut self) -> usize {
        self.answer(0, |engine, pod, _, out| {
            engine.ask(pod)?.explain(out);
            Ok(())
        })
    }

    /// Preemption's dry run: the first `options` numbers of the message are its options. Answers as `schedule`.
    pub fn preempt(&mut self, options: usize) -> usize {
        self.answer(options, |engine, pod, options, out| {
            let options = Options::decode(options)?;
            engine.ask(pod)?.preempt(&options, out);
            Ok(())
        })
    }

    /// Nodes that match the terms of the message. Answers as `schedule`.
    pub fn matching(&mut self) -> usize {
        self.answer(0, |engine, terms, _, out| engine.matching(terms, out))
    }

    /// Interned numbers below `count` that the core still has. Answers as `schedule`.
    pub fn needed(&mut self, count: usize) -> usize {
        self.output.clear();
        self.engine
            .needed(count.min(STRINGS_MAXIMUM), &mut self.output);
        self.output.len()
    }

    /// Where the output of the last call lies.
    pub fn output(&self) -> *const f64 {
        self.output.as_ptr()
    }

    /// Nodes in the snapshot.
    pub fn nodes(&self) -> usize {
        self.engine.snapshot.nodes.len()
    }
}

impl Core {
    fn answer(
        &mut self,
        options: usize,
        ask: impl FnOnce(&mut Engine, &[f64], &mut Reader<'_>, &mut Vec<f64>) -> Result<(), DecodeError>,
    ) -> usize {
        self.output.clear();
        let (options, message) = self.input.split_at(options.min(self.input.len()));
        let asked = ask(
            &mut self.engine,
            message,
            &mut Reader::new(options),
            &mut self.output,
        );
        if asked.is_err() {
            self.output.clear();
        }
        self.output.len()
    }
}

fn said(result: Result<(), DecodeError>) -> String {
    match result {
        Ok(()) => String::new(),
        Err(error) => error.to_string(),
    }
}
