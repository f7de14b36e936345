//! The order in which nodes are looked at: one zone after the other in turn, so that zones fill evenly.

#[derive(Default)]
pub struct Order {
    zones: Vec<(u32, Vec<u32>)>,
    list: Vec<u32>,
    stale: bool,
}

impl Order {
    pub fn add(&mut self, slot: u32, zone: u32) {
        self.stale = true;
        match self.zones.iter_mut().find(|(other, _)| *other == zone) {
            Some((_, slots)) => slots.push(slot),
            None => self.zones.push((zone, vec![slot])),
        }
    }

    pub fn remove(&mut self, slot: u32, zone: u32) {
        self.stale = true;
        if let Some(at) = self.zones.iter().position(|(other, _)| *other == zone) {
            self.zones[at].1.retain(|other| *other != slot);
            if self.zones[at].1.is_empty() {
                self.zones.remove(at);
            }
        }
    }

    /// Brings the list up to date.
    pub fn refresh(&mut self) {
        if !self.stale {
            return;
        }
        self.stale = false;
        self.list.clear();
        let longest = self.zones.iter().map(|(_, slots)| slots.len()).max();
        for index in 0..longest.unwrap_or(0) {
            for (_, slots) in &self.zones {
                if let Some(slot) = slots.get(index) {
                    self.list.push(*slot);
                }
            }
        }
    }

    /// Slots in order, as of the last refresh.
    pub fn list(&self) -> &[u32] {
        &self.list
    }
}
