//! Prefers nodes on which the pod brings the used fractions of its resources closer together.

use super::resource_scoring::amounts;
use super::Site;
use crate::placement::Placement;
use crate::profile::{Profile, Resource};

/// Resources that one profile may balance; more are not looked at.
const RESOURCES_MAXIMUM: usize = 16;

/// False: the pod asks for none of the resources, and the plugin is left out.
pub fn scores(pod: &Placement, profile: &Profile) -> bool {
    profile.balanced_resources.iter().any(|resource| {
        let asked = match resource {
            Resource::Cpu => pod.needs.requests.cpu,
            Resource::Memory => pod.needs.requests.memory,
            Resource::Storage => pod.needs.requests.storage,
            Resource::Scalar(name) => crate::amounts::amount_of(&pod.needs.scalars, *name),
        };
        asked != 0
    })
}

/// 100 times one minus the spread of the fractions; for two resources the deviation is half their difference.
fn balance(site: &Site<'_>, with_pod: bool) -> i64 {
    let mut fractions = [0.0f64; RESOURCES_MAXIMUM];
    let mut count = 0;
    for &resource in site
        .profile
        .balanced_resources
        .iter()
        .take(RESOURCES_MAXIMUM)
    {
        if let Some((allowed, requested)) = amounts(site, resource, false, with_pod) {
            fractions[count] = (requested as f64 / allowed as f64).min(1.0);
            count += 1;
        }
    }
    let fractions = &fractions[..count];
    let deviation = match count {
        0 | 1 => 0.0,
        2 => ((fractions[0] - fractions[1]) / 2.0).abs(),
        _ => {
            let mean = fractions.iter().sum::<f64>() / count as f64;
            let squares: f64 = fractions.iter().map(|f| (f - mean) * (f - mean)).sum();
            (squares / count as f64).sqrt()
        }
    };
    ((1.0 - deviation) * 100.0) as i64
}

pub fn score(site: &Site<'_>) -> i64 {
    50 + (50 + balance(site, true) - balance(site, false)) / 2
}
