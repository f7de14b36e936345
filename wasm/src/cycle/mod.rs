//! Decisions: the snapshot, what is remembered of pods seen before, and the questions that can be asked.

pub mod choose;
pub mod explain;
pub mod local;
mod needed;
pub mod preempt;
pub mod scores;
pub mod search;

use crate::body::{section, Body};
use crate::cache::Cache;
use crate::company::Circle;
use crate::decode::{DecodeError, Reader};
use crate::delta::apply;
use crate::placement::Placement;
use crate::plugins::Refusal;
use crate::profile::{Profile, Profiles};
use crate::snapshot::Snapshot;
use crate::terms::Term;
use local::Local;

/// Kinds of pods that are remembered at once; each takes 24 bytes a node, and its company a few times that.
const KINDS_MAXIMUM: usize = 64;

pub struct Engine {
    pub snapshot: Snapshot,
    profiles: Profiles,
    /// The message that these were read from.
    configuration: Vec<f64>,
    locals: Cache<Local>,
    circles: Cache<Circle>,
    next_start: usize,
}

impl Default for Engine {
    fn default() -> Self {
        Engine {
            snapshot: Snapshot::default(),
            profiles: Profiles::default(),
            configuration: Vec::new(),
            locals: Cache::new(KINDS_MAXIMUM),
            circles: Cache::new(KINDS_MAXIMUM),
            next_start: 0,
        }
    }
}

/// All that a question about one pod needs, up to date.
pub struct Asked<'a> {
    pub snapshot: &'a mut Snapshot,
    pub profile: &'a Profile,
    pub local: &'a mut Local,
    /// None where nothing depends on other pods.
    pub circle: Option<&'a mut Circle>,
    pub handle: u32,
    pub priority: i32,
    /// The node on which room was made for the pod, if any.
    pub nominated: Option<u32>,
    pub next_start: &'a mut usize,
    pub scratch: Vec<Refusal>,
}

impl Engine {
    pub fn apply(&mut self, message: &[f64]) -> Result<(), DecodeError> {
        apply(&mut self.snapshot, &mut Reader::new(message))
    }

    /// A pod as it was encoded to be placed, put on a node.
    pub fn assume(&mut self, node: u32, message: &[f64]) -> Result<(), DecodeError> {
        let body = Body::of(message)?;
        self.snapshot.put_pod(node, &body, false)
    }

    pub fn configure(&mut self, message: &[f64]) -> Result<(), DecodeError> {
        self.profiles = Profiles::decode(&mut Reader::new(message))?;
        self.configuration = message.to_vec();
        self.forget();
        Ok(())
    }

    /// Forgets what is remembered of pods seen before.
    fn forget(&mut self) {
        self.locals.drain();
        for mut circle in self.circles.drain() {
            circle.let_go(&mut self.snapshot);
        }
    }

    /// Names of the nodes that match one of the terms, in order.
    pub fn matching(&mut self, message: &[f64], out: &mut Vec<f64>) -> Result<(), DecodeError> {
        let terms = section(message, |reader| reader.list(Term::decode))?;
        self.snapshot.order.refresh();
        let start = out.len();
        out.push(0.0);
        for &slot in self.snapshot.order.list() {
            let node = &self.snapshot.nodes.records[slot as usize];
            if terms
                .iter()
                .any(|term| term.matches(&node.labels, node.name))
            {
                out.push(f64::from(node.name));
            }
        }
        out[start] = (out.len() - start - 1) as f64;
        Ok(())
    }

    /// Brings what is known of such pods up to date.
    pub fn ask(&mut self, message: &[f64]) -> Result<Asked<'_>, DecodeError> {
        let body = Body::of(message)?;
        let snapshot = &mut self.snapshot;
        snapshot.order.refresh();
        snapshot.topologies.trim(&snapshot.nodes);
        let local = match self.locals.find(body.local) {
            Some(at) => at,
            None => {
                let placement = section(body.local, Placement::decode)?;
                let profile = profile(&self.profiles, placement.profile);
                self.locals
                    .insert(body.local, Local::new(placement, profile))
                    .0
            }
        };
        let local = self.locals.get_mut(local);
        local.refresh(snapshot);
        let profile = profile(&self.profiles, local.placement.profile);
        let mut circle = None;
        if body.wants_company() || !snapshot.holdings.is_empty() {
            let at = match self.circles.find(body.whole) {
                Some(at) => at,
                None => {
                    let (at, before) = self.circles.insert(body.whole, Circle::decode(&body)?);
                    if let Some(mut circle) = before {
                        circle.let_go(snapshot);
                    }
                    at
                }
            };
            let found = self.circles.get_mut(at);
            found.refresh(snapshot, &self.profiles, profile, &local.placement);
            circle = found.matters().then_some(found);
        }
        Ok(Asked {
            snapshot,
            profile,
            local,
            circle,
            handle: body.handle,
            priority: body.priority,
            nominated: body.nominated,
            next_start: &mut self.next_start,
            scratch: Vec::new(),
        })
    }
}

fn profile(profiles: &Profiles, index: usize) -> &Profile {
    profiles.list.get(index).unwrap_or(&profiles.list[0])
}
