//! A node with the pods that would have to leave it, and how it compares with others.

#[derive(Clone, Copy, Debug)]
pub struct Victim {
    pub index: u32,
    pub handle: u32,
    pub priority: i32,
    pub start: f64,
}

impl Victim {
    /// The more important pod first: higher priority, then the one that has run longer.
    pub fn importance(&self, other: &Victim) -> core::cmp::Ordering {
        other
            .priority
            .cmp(&self.priority)
            .then(self.start.total_cmp(&other.start))
            .then(self.handle.cmp(&other.handle))
    }
}

pub struct Candidate {
    pub slot: u32,
    /// At least one.
    pub victims: Vec<Victim>,
    pub violations: u32,
}

impl Candidate {
    /// Upstream's criteria, the smallest being best.
    fn rank(&self) -> (u32, i32, i64, usize) {
        let sum = self
            .victims
            .iter()
            .map(|victim| i64::from(victim.priority) + (1 << 31))
            .sum();
        let highest = self.victims[0].priority;
        (self.violations, highest, sum, self.victims.len())
    }

    /// When the first of the most important victims started; the latest is best.
    fn earliest_start(&self) -> f64 {
        let highest = self.victims[0].priority;
        self.victims
            .iter()
            .filter(|victim| victim.priority == highest)
            .map(|victim| victim.start)
            .fold(f64::INFINITY, f64::min)
    }

    pub fn is_better(&self, other: &Candidate) -> bool {
        let (own, theirs) = (self.rank(), other.rank());
        own < theirs || (own == theirs && self.earliest_start() > other.earliest_start())
    }
}
