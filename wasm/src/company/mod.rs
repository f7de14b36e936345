//! Whom a pod wants near and how it wants to be spread: what depends on all nodes and the pods on them, kept for the
//! next pod of the kind.

pub mod affinity;
pub mod spread;
pub mod tally;

use crate::body::{section, Body};
use crate::decode::DecodeError;
use crate::placement::{Placement, Spreads};
use crate::plugins::{Refusal, INTER_POD_AFFINITY, POD_TOPOLOGY_SPREAD};
use crate::profile::{Profile, Profiles};
use crate::selector::AffinityTerms;
use crate::snapshot::Snapshot;
use affinity::Affinity;
use spread::Constraints;

/// What the company of a pod of this kind is made of; another makes it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Versions {
    topologies: u64,
    namespaces: u64,
    meant_by: Vec<(u32, u64)>,
}

pub struct Circle {
    namespace: u32,
    labels: Vec<(u32, u32)>,
    terms: AffinityTerms,
    spreads: Spreads,
    versions: Option<Versions>,
    holdings_version: u64,
    epoch: u64,
    filter: Constraints,
    pub score: Constraints,
    pub affinity: Affinity,
}

impl Circle {
    pub fn decode(body: &Body<'_>) -> Result<Self, DecodeError> {
        let (namespace, labels) = section(body.labels, |reader| {
            let namespace = reader.index()?;
            let mut labels = reader.list(|r| Ok((r.index()?, r.index()?)))?;
            labels.sort_unstable();
            Ok((namespace, labels))
        })?;
        let terms = AffinityTerms::decode(&mut crate::decode::Reader::new(body.shape))?;
        Ok(Circle {
            namespace,
            labels,
            terms,
            spreads: section(body.spread, Spreads::decode)?,
            versions: None,
            holdings_version: u64::MAX,
            epoch: 0,
            filter: Constraints::default(),
            score: Constraints::default(),
            affinity: Affinity::default(),
        })
    }

    /// Takes in what changed since.
    pub fn refresh(
        &mut self,
        snapshot: &mut Snapshot,
        profiles: &Profiles,
        profile: &Profile,
        pod: &Placement,
    ) {
        let same = self.versions.as_ref().is_some_and(|versions| {
            versions.topologies == snapshot.topologies.version
                && versions.namespaces == snapshot.namespaces_version
        });
        if !same || self.holdings_version != snapshot.holdings.version {
            self.holdings_version = snapshot.holdings.version;
            let versions = Versions {
                topologies: snapshot.topologies.version,
                namespaces: snapshot.namespaces_version,
                meant_by: snapshot.holdings.meant(
                    &snapshot.namespaces,
                    self.namespace,
                    &self.labels,
                ),
            };
            if self.versions.as_ref() != Some(&versions) {
                self.rebuild(snapshot, profiles, profile, &versions.meant_by);
                self.versions = Some(versions);
                self.epoch = u64::MAX;
            }
        }
        self.replay(snapshot, pod);
    }

    /// Takes in changes of nodes, where nothing else can have changed.
    pub fn replay(&mut self, snapshot: &Snapshot, pod: &Placement) {
        let now = snapshot.log.now();
        if self.epoch == now || !self.matters() {
            self.epoch = now;
            return;
        }
        match snapshot.log.since(self.epoch) {
            Some(changes) => {
                for slot in changes {
                    self.update(snapshot, pod, *slot);
                }
            }
            None => {
                for slot in 0..snapshot.nodes.slots() as u32 {
                    self.update(snapshot, pod, slot);
                }
            }
        }
        self.filter.settle();
        self.epoch = now;
    }

    fn update(&mut self, snapshot: &Snapshot, pod: &Placement, slot: u32) {
        self.filter.update(snapshot, pod, slot);
        self.score.update(snapshot, pod, slot);
        self.affinity.update(snapshot, slot);
    }

    fn rebuild(
        &mut self,
        snapshot: &mut Snapshot,
        profiles: &Profiles,
        profile: &Profile,
        meant_by: &[(u32, u64)],
    ) {
        self.let_go(snapshot);
        let (namespace, hostname) = (self.namespace, profiles.hostname);
        let labels = &self.labels;
        let mut of = |required| {
            let spreads = &self.spreads;
            Constraints::of(snapshot, spreads, required, namespace, labels, hostname)
        };
        self.filter = of(true);
        self.score = of(false);
        self.affinity = Affinity::of(snapshot, profile, &self.terms, meant_by, namespace, labels);
    }

    /// Gives up the counters that it relies on; to be called before it is forgotten.
    pub fn let_go(&mut self, snapshot: &mut Snapshot) {
        let held: Vec<u32> = self
            .filter
            .counters()
            .chain(self.score.counters())
            .chain(self.affinity.counters())
            .collect();
        for index in held {
            snapshot.counters.let_go(index);
        }
        self.filter = Constraints::default();
        self.score = Constraints::default();
        self.affinity = Affinity::default();
        self.versions = None;
    }

    /// False: no rule and no preference depends on other pods.
    pub fn matters(&self) -> bool {
        self.filters() || !self.score.is_empty() || self.affinity.prefers()
    }

    pub fn filters(&self) -> bool {
        !self.filter.is_empty() || self.affinity.filters()
    }

    #[inline]
    pub fn refusal(&self, snapshot: &Snapshot, profile: &Profile, slot: u32) -> Option<Refusal> {
        if profile.filters(POD_TOPOLOGY_SPREAD) {
            if let Some(refusal) = self.filter.refusal(snapshot, slot) {
                return Some(refusal);
            }
        }
        if profile.filters(INTER_POD_AFFINITY) {
            return self.affinity.refusal(snapshot, slot);
        }
        None
    }
}
