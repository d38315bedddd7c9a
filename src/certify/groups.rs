//! A promise for each kind of tickets of which enough were judged, and one for all
//! others together.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Judged;
use super::Line;
use super::Of;
use super::Promise;
use super::binomial::labels_needed;
use super::line;

/// Tickets that share a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The stratum; `None` for all that have no line of their own.
    pub name: Option<String>,
    pub line: Line,
}

/// A stratum has a line of its own only where so many wrong ones still allow one: with
/// fewer it would cost it most of what it answers. (Guessed.)
const AFFORDABLE: u64 = 3;

/// Draws a line for each stratum with enough tickets, and one for the rest.
///
/// All promises hold at once with probability `1 - risk`: each is made with its part of
/// the risk (Bonferroni), so that the promise about everything holds as well. Which
/// strata have a line is read off the number of their tickets, never off what was wrong
/// about them.
#[must_use]
pub fn certify(promise: Promise, sample: &[(String, Judged)]) -> Vec<Group> {
    let mut strata: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for (stratum, judged) in sample {
        strata.entry(stratum).or_default().push(*judged);
    }
    let mut strata: Vec<(&str, Vec<Judged>)> = strata.into_iter().collect();
    strata.sort_by_key(|(_, sample)| std::cmp::Reverse(n_counting(promise.of, sample)));
    let n_own = n_own(promise, &strata);
    let own = strata.get(..n_own).unwrap_or_default();
    let rest: Vec<Judged> =
        strata.iter().skip(n_own).flat_map(|(_, sample)| sample.iter().copied()).collect();
    let n_groups = own.len() + usize::from(!rest.is_empty() || own.is_empty());
    let promise = Promise { risk: promise.risk / n_groups as f64, ..promise };
    let mut groups: Vec<Group> = own
        .iter()
        .map(|(name, sample)| Group { name: Some((*name).to_owned()), line: line(promise, sample) })
        .collect();
    if own.len() < n_groups {
        groups.push(Group { name: None, line: line(promise, &rest) });
    }
    groups
}

/// What a promise counts of a sample: tickets, or those that could be answered.
fn n_counting(of: Of, sample: &[Judged]) -> u64 {
    let counts = |it: &&Judged| of == Of::Tickets || !it.confidence.is_nan();
    sample.iter().filter(counts).count() as u64
}

/// How many of the largest strata have a line of their own: as many as have enough
/// tickets, together with the rest, for a share of the risk each. A single stratum is
/// no division.
fn n_own(promise: Promise, strata: &[(&str, Vec<Judged>)]) -> usize {
    let sizes: Vec<u64> = strata.iter().map(|(_, it)| n_counting(promise.of, it)).collect();
    let is_affordable = |n_own: &usize| {
        let (own, rest) = sizes.split_at(*n_own);
        let rest: u64 = rest.iter().sum();
        let n_groups = n_own + usize::from(0 < rest);
        let enough = labels_needed(AFFORDABLE, promise.limit, promise.risk / n_groups as f64);
        own.iter().chain((0 < rest).then_some(&rest)).all(|it| enough <= *it)
    };
    if strata.len() < 2 {
        return 0;
    }
    (1..=strata.len()).rev().find(is_affordable).unwrap_or(0)
}
