//! The decoder meets messages that nobody meant: it answers an error or applies them, and never panics.

use coracle_scheduler_core::body::HEADER;
use coracle_scheduler_core::cycle::preempt::Options;
use coracle_scheduler_core::cycle::Engine;
use coracle_scheduler_core::decode::{DecodeError, Reader};

/// A xorshift stream: the same seed gives the same messages.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn number(&mut self) -> f64 {
        match self.next() % 10 {
            0 => -1.0,
            1 => f64::NAN,
            2 => 1e18,
            3 => (self.next() % 1000) as f64 / 10.0,
            4 => 1.0,
            _ => (self.next() % 4) as f64,
        }
    }

    fn run(&mut self, length: u64) -> Vec<f64> {
        (0..length).map(|_| self.number()).collect()
    }

    /// A pod's message whose sections end somewhere, mostly in order.
    fn pod(&mut self) -> Vec<f64> {
        let mut message = self.run(5);
        let mut ends = Vec::new();
        let mut body = Vec::new();
        for _ in 0..5 {
            let length = self.next() % 14;
            body.extend(self.run(length));
            ends.push((HEADER + body.len()) as f64);
        }
        if self.next().is_multiple_of(8) {
            ends[(self.next() % 5) as usize] = self.number();
        }
        message.extend(ends);
        message.extend(body);
        message
    }

    /// A good message with a few numbers changed.
    fn nearly(&mut self, good: &[f64]) -> Vec<f64> {
        let mut message = good.to_vec();
        for _ in 0..self.next() % 4 {
            let at = (self.next() as usize) % message.len();
            message[at] = self.number();
        }
        message
    }
}

/// A pod with a label, an anti-affinity to its like, a volume and a spread: every section has something in it.
fn plain_pod(handle: f64) -> Vec<f64> {
    let labels = vec![1.0, 1.0, 2.0, 3.0];
    let terms = vec![0.0, 1.0, 7.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    let needs = vec![100.0, 100.0, 0.0, 100.0, 100.0, 0.0, 0.0];
    let volumes = vec![1.0, 5.0, 6.0];
    let placement = vec![
        0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    ];
    let spread = vec![0.0, 1.0, 1.0, 7.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0];
    let mut message = vec![handle, 5.0, 1.0, 0.0, -1.0];
    let mut end = HEADER;
    for section in [&labels, &terms, &needs, &volumes, &placement] {
        end += section.len();
        message.push(end as f64);
    }
    for section in [labels, terms, needs, volumes, placement, spread] {
        message.extend(section);
    }
    message
}

fn node(name: f64) -> Vec<f64> {
    let mut message = vec![1.0, name, 0.0, 0.0, 4000.0, 4000.0, 0.0, 10.0, 0.0];
    message.extend([1.0, 7.0, name, f64::NAN, 0.0, 0.0, 0.0, 1.0, 5.0, 2.0]);
    message
}

fn ask_everything(engine: &mut Engine, pod: &[f64], options: &[f64]) {
    let mut out = Vec::new();
    if let Ok(mut asked) = engine.ask(pod) {
        let decision = asked.decide();
        assert!(decision.feasible <= asked.snapshot.nodes.len());
        asked.filter(&mut out);
        asked.explain(&mut out);
        if let Ok(options) = Options::decode(&mut Reader::new(options)) {
            asked.preempt(&options, &mut out);
        }
    }
    let _ = engine.matching(pod, &mut out);
    engine.needed(16, &mut out);
}

#[test]
fn random_messages_never_panic() {
    for seed in 1..1500u64 {
        let mut stream = Stream(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut engine = Engine::default();
        for _ in 0..8 {
            let length = stream.next() % 60;
            let message = stream.run(length);
            let _ = engine.apply(&message);
            let _ = engine.configure(&message);
            let pod = stream.pod();
            let options = stream.run(6);
            ask_everything(&mut engine, &pod, &options);
        }
    }
}

#[test]
fn messages_that_are_nearly_right_never_panic() {
    for seed in 1..1500u64 {
        let mut stream = Stream(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut engine = Engine::default();
        for step in 0..12 {
            let fresh = node(10.0 + f64::from(step % 3));
            let _ = engine.apply(&stream.nearly(&fresh));
            let pod = stream.nearly(&plain_pod(f64::from(step)));
            let mut delta = vec![3.0 + (stream.next() % 3) as f64, 10.0];
            delta.extend(&pod);
            let _ = engine.apply(&delta);
            let _ = engine.assume(11, &pod);
            let _ = engine.apply(&[stream.number(), stream.number()]);
            let options = stream.run(6);
            ask_everything(&mut engine, &pod, &options);
        }
    }
}

#[test]
fn the_pod_of_these_tests_is_well_formed() {
    let mut engine = Engine::default();
    engine.apply(&node(10.0)).unwrap();
    engine.assume(10, &plain_pod(1.0)).unwrap();
    let pod = plain_pod(2.0);
    let mut asked = engine.ask(&pod).unwrap();
    assert!(asked.circle.is_some());
    assert_eq!(asked.decide().evaluated, 1);
}

#[test]
fn a_count_that_the_message_cannot_hold_is_refused_before_memory_is_taken() {
    let mut engine = Engine::default();
    let message = [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 4_000_000_000.0];
    assert_eq!(engine.apply(&message), Err(DecodeError::Truncated));
}

#[test]
fn an_operation_that_does_not_exist_is_refused() {
    assert_eq!(
        Engine::default().apply(&[99.0]),
        Err(DecodeError::UnknownOperation)
    );
}
