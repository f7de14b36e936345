//! How raw scores of all feasible nodes become 0 to 100.

/// In proportion to the largest.
pub fn by_maximum(scores: &mut [i64]) {
    let maximum = scores.iter().copied().max().unwrap_or(0);
    if maximum == 0 {
        return;
    }
    for score in scores {
        *score = 100 * *score / maximum;
    }
}

/// In proportion to the largest, which is worst.
pub fn by_reversed_maximum(scores: &mut [i64]) {
    let maximum = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        *score = if maximum == 0 {
            100
        } else {
            100 - 100 * *score / maximum
        };
    }
}

/// From the smallest to the largest; all nothing where these are the same.
pub fn by_range(scores: &mut [i64]) {
    let minimum = scores.iter().copied().min().unwrap_or(0);
    let maximum = scores.iter().copied().max().unwrap_or(0);
    let range = maximum - minimum;
    for score in scores {
        *score = if range > 0 {
            (100.0 * ((*score - minimum) as f64 / range as f64)) as i64
        } else {
            0
        };
    }
}

/// Fewer is better, within what occurs. `None` are nodes that are left out: they get nothing.
pub fn by_spread(raw: &[Option<i64>], scores: &mut [i64]) {
    let minimum = raw.iter().flatten().copied().min().unwrap_or(0);
    let maximum = raw.iter().flatten().copied().max().unwrap_or(0).max(0);
    for (score, raw) in scores.iter_mut().zip(raw) {
        *score = match raw {
            None => 0,
            Some(_) if maximum == 0 => 100,
            Some(raw) => 100 * (maximum + minimum - raw) / maximum,
        };
    }
}
