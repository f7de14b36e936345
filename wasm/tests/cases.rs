//! The cases of `cases/`, run natively: lines of a word and numbers, which TypeScript writes from the objects.

use coracle_scheduler_core::cycle::Engine;
use std::collections::HashMap;

#[derive(Default)]
struct Case {
    title: String,
    configure: Vec<f64>,
    deltas: Vec<Vec<f64>>,
    pod: Vec<f64>,
    feasible: Vec<u32>,
    /// Node to whether it cannot be mended, and the reasons.
    refused: HashMap<u32, (bool, Vec<u32>)>,
    /// Node, scorer, weighted score.
    scores: Vec<(u32, usize, f64)>,
    chosen: Option<u32>,
}

fn read() -> Vec<Case> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/lines.txt"))
        .expect("cases/lines.txt");
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "case" {
            cases.push(Case {
                title: rest.to_string(),
                ..Case::default()
            });
            continue;
        }
        let numbers: Vec<f64> = rest
            .split_whitespace()
            .map(|number| number.parse().expect("a number"))
            .collect();
        let case = cases.last_mut().expect("a case");
        match word {
            "configure" => case.configure = numbers,
            "apply" => case.deltas.push(numbers),
            "pod" => case.pod = numbers,
            "feasible" => case.feasible.push(numbers[0] as u32),
            "refused" => {
                let reasons = numbers[2..].iter().map(|reason| *reason as u32).collect();
                case.refused
                    .insert(numbers[0] as u32, (numbers[1] == 1.0, reasons));
            }
            "score" => {
                case.scores
                    .push((numbers[0] as u32, numbers[1] as usize, numbers[2]));
            }
            "chosen" => case.chosen = Some(numbers[0] as u32),
            other => panic!("unknown word {other}"),
        }
    }
    cases
}

fn engine(case: &Case) -> Engine {
    let mut engine = Engine::default();
    engine.configure(&case.configure).expect(&case.title);
    for delta in &case.deltas {
        engine.apply(delta).expect(&case.title);
    }
    engine
}

#[test]
fn every_case_holds() {
    let cases = read();
    assert!(cases.len() > 100);
    for case in &cases {
        let title = &case.title;
        let mut engine = engine(case);
        let mut asked = engine.ask(&case.pod).expect(title);
        let mut feasible = Vec::new();
        for slot in asked.snapshot.order.list().to_vec() {
            let name = asked.snapshot.nodes.name(slot);
            let reasons = asked.reasons(slot);
            let Some((unresolvable, expected)) = case.refused.get(&name) else {
                assert!(reasons.is_empty(), "{title}: {name} refuses: {reasons:?}");
                feasible.push(slot);
                continue;
            };
            let given: Vec<u32> = reasons
                .iter()
                .map(|refusal| refusal.reason as u32)
                .collect();
            assert_eq!(&given, expected, "{title}: {name}");
            assert_eq!(
                reasons.iter().any(|refusal| refusal.unresolvable),
                *unresolvable,
                "{title}: {name}"
            );
        }
        assert_eq!(feasible.len(), case.feasible.len(), "{title}");
        let columns = asked.by_scorer(&feasible);
        for (name, scorer, expected) in &case.scores {
            let at = feasible
                .iter()
                .position(|slot| asked.snapshot.nodes.name(*slot) == *name)
                .expect(title);
            let given = columns[*scorer]
                .as_ref()
                .map_or(f64::NAN, |column| column[at] as f64);
            let same = given == *expected || (given.is_nan() && expected.is_nan());
            assert!(
                same,
                "{title}: {name}, scorer {scorer}: {given}, not {expected}"
            );
        }
        let decision = asked.decide();
        if let Some(chosen) = case.chosen {
            assert_eq!(decision.node, Some(chosen), "{title}");
        }
    }
}

/// The total that a decision is made by is the sum of what the scorers say one by one.
#[test]
fn totals_are_the_sums_of_the_scorers() {
    for case in &read() {
        let mut engine = engine(case);
        let mut asked = engine.ask(&case.pod).expect(&case.title);
        let found = asked.search();
        let totals = asked.totals(&found);
        let columns = asked.by_scorer(&found.feasible);
        for (at, total) in totals.iter().enumerate() {
            let sum: i64 = columns.iter().flatten().map(|column| column[at]).sum();
            assert_eq!(*total, sum, "{}", case.title);
        }
    }
}
