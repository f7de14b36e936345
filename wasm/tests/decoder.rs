//! The decoder meets messages that nobody meant: it answers an error or applies them, and never panics.

use coracle_scheduler_core::columns::Columns;
use coracle_scheduler_core::cycle;
use coracle_scheduler_core::decode::{apply, DecodeError, Reader};
use coracle_scheduler_core::pod::PodSpec;

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
        match self.next() % 8 {
            0 => -1.0,
            1 => f64::NAN,
            2 => 1e18,
            3 => (self.next() % 1000) as f64 / 10.0,
            _ => (self.next() % 6) as f64,
        }
    }
}

#[test]
fn random_messages_never_panic() {
    for seed in 1..2000u64 {
        let mut stream = Stream(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut columns = Columns::default();
        for _ in 0..8 {
            let length = (stream.next() % 60) as usize;
            let message: Vec<f64> = (0..length).map(|_| stream.number()).collect();
            let _ = apply(&mut columns, &mut Reader::new(&message));
            if let Ok(pod) = PodSpec::decode(&mut Reader::new(&message)) {
                let decision = cycle::schedule(&columns, &pod, seed as usize);
                assert!(decision.feasible <= columns.len());
            }
        }
    }
}

#[test]
fn a_count_that_the_message_cannot_hold_is_refused_before_memory_is_taken() {
    let mut columns = Columns::default();
    let message = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 4_000_000_000.0];
    assert_eq!(
        apply(&mut columns, &mut Reader::new(&message)),
        Err(DecodeError::Truncated)
    );
}

#[test]
fn an_operation_that_does_not_exist_is_refused() {
    let mut columns = Columns::default();
    assert_eq!(
        apply(&mut columns, &mut Reader::new(&[99.0])),
        Err(DecodeError::UnknownOperation)
    );
}
