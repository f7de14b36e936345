//! Answers in which nodes stand one by one: filters alone, scores alone, every node's verdict.

use super::choose::encode_refusal;
use super::search::Found;
use super::Asked;
use crate::plugins::Refusal;

fn encode_reasons(name: u32, refusals: &[Refusal], out: &mut Vec<f64>) {
    out.push(f64::from(name));
    out.push(refusals.len() as f64);
    for refusal in refusals {
        encode_refusal(refusal, out);
    }
}

impl Asked<'_> {
    /// Writes whether the pod contradicts itself, the number of nodes looked at, the feasible nodes' names, and each
    /// other node that was looked at or left out by name, with its refusals.
    pub fn filter(&mut self, out: &mut Vec<f64>) {
        let Found {
            feasible,
            evaluated,
            start,
            ..
        } = self.search();
        out.push(f64::from(u32::from(self.contradicts_itself())));
        out.push(evaluated as f64);
        out.push(feasible.len() as f64);
        for slot in &feasible {
            out.push(f64::from(self.snapshot.nodes.name(*slot)));
        }
        let count = out.len();
        out.push(0.0);
        if self.contradicts_itself() {
            return;
        }
        let slots = self.candidates();
        let mut passed = vec![false; self.snapshot.nodes.slots()];
        for slot in &feasible {
            passed[*slot as usize] = true;
        }
        let mut refused = 0;
        let looked_at = slots
            .iter()
            .cycle()
            .skip(start)
            .take(evaluated.min(slots.len()));
        for slot in looked_at.filter(|slot| !passed[**slot as usize]) {
            let refusals = self.reasons(*slot);
            encode_reasons(self.snapshot.nodes.name(*slot), &refusals, out);
            refused += 1;
        }
        if self.local.named.is_some() {
            for slot in self.snapshot.order.list().to_vec() {
                let name = self.snapshot.nodes.name(slot);
                if !self.local.is_named(name) {
                    let refusals = self.reasons(slot);
                    encode_reasons(name, &refusals, out);
                    refused += 1;
                }
            }
        }
        out[count] = f64::from(refused);
    }

    /// Writes the names that are known, and for each scorer whether it says something and then its weighted scores.
    pub fn score(&mut self, names: &[u32], out: &mut Vec<f64>) {
        let slots: Vec<u32> = names
            .iter()
            .filter_map(|name| self.snapshot.nodes.slot(*name))
            .collect();
        // Nodes that a plugin outside let pass may be refused here: they are scored all the same.
        let scores = self.by_scorer(&slots);
        out.push(slots.len() as f64);
        for slot in &slots {
            out.push(f64::from(self.snapshot.nodes.name(*slot)));
        }
        for column in scores {
            out.push(f64::from(u32::from(column.is_some())));
            out.extend(column.unwrap_or_default().iter().map(|score| *score as f64));
        }
    }

    /// Writes the feasible nodes as `score` does, and then all others with their refusals.
    pub fn explain(&mut self, out: &mut Vec<f64>) {
        let mut feasible = Vec::new();
        let mut refused = Vec::new();
        for slot in self.snapshot.order.list().to_vec() {
            let refusals = self.reasons(slot);
            let name = self.snapshot.nodes.name(slot);
            if refusals.is_empty() {
                feasible.push(name);
            } else {
                refused.push((name, refusals));
            }
        }
        self.score(&feasible, out);
        out.push(refused.len() as f64);
        for (name, refusals) in refused {
            encode_reasons(name, &refusals, out);
        }
    }
}
