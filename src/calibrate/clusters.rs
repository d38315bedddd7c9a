//! Groups of alike texts for a team without tags: spherical k-means over what the texts
//! mean (Dhillon and Modha 2001), each group named by its own words. English, as the
//! table of meanings is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::embed;
use crate::text::cues::plain;

/// Texts a group has on average at least, and groups there are at most. (Guessed: as many
/// as a person reads in a list.)
const TEXTS_A_GROUP: usize = 25;
const MAX_GROUPS: usize = 24;

const ROUNDS: usize = 15;

/// Words that name a group.
const NAME_WORDS: usize = 2;

/// Letters of a word that can name a group.
const MIN_LETTERS: usize = 4;

type Direction = Vec<f32>;

/// The name of each text's group; `None` for a text without a meaning, and for all of
/// them where there are too few to tell groups.
pub(super) fn of(texts: &[String]) -> Vec<Option<String>> {
    let directions: Vec<Option<Direction>> = texts.iter().map(|it| direction(it)).collect();
    let known: Vec<&Direction> = directions.iter().flatten().collect();
    let n_groups = MAX_GROUPS.min(known.len() / TEXTS_A_GROUP);
    if n_groups < 2 {
        return vec![None; texts.len()];
    }
    let mut centers = apart(&known, n_groups);
    for _ in 0..ROUNDS {
        let mut sums = vec![vec![0.0_f32; known.first().map_or(0, |it| it.len())]; centers.len()];
        for it in &known {
            if let Some(sum) = sums.get_mut(nearest(&centers, it)) {
                sum.iter_mut().zip(*it).for_each(|(sum, part)| *sum += part);
            }
        }
        centers = sums.into_iter().map(normed).collect();
    }
    let groups: Vec<Option<usize>> =
        directions.iter().map(|it| it.as_ref().map(|it| nearest(&centers, it))).collect();
    let names = names(texts, &groups, centers.len());
    groups.iter().map(|it| names.get((*it)?).cloned().filter(|it| !it.is_empty())).collect()
}

fn direction(text: &str) -> Option<Direction> {
    let meaning = embed::by_table(&[text])?;
    Some(normed(meaning.bytes().into_iter().map(|it| f32::from(it.cast_signed())).collect()))
}

fn normed(mut direction: Direction) -> Direction {
    let length = direction.iter().map(|it| it * it).sum::<f32>().sqrt();
    if 0.0 < length {
        direction.iter_mut().for_each(|it| *it /= length);
    }
    direction
}

fn likeness(one: &Direction, other: &Direction) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn nearest(centers: &[Direction], it: &Direction) -> usize {
    let likeness = centers.iter().enumerate().map(|(place, center)| (place, likeness(center, it)));
    likeness.max_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |it| it.0)
}

/// The first text, and then always the one that is least like all chosen before.
fn apart(known: &[&Direction], n: usize) -> Vec<Direction> {
    let mut chosen: Vec<Direction> = known.first().map(|it| (*it).clone()).into_iter().collect();
    let mut closest: Vec<f32> = vec![f32::NEG_INFINITY; known.len()];
    while chosen.len() < n {
        let Some(last) = chosen.last() else { break };
        for (closest, it) in closest.iter_mut().zip(known) {
            *closest = closest.max(likeness(last, it));
        }
        let least = closest.iter().enumerate().min_by(|one, other| one.1.total_cmp(other.1));
        let Some(next) = least.and_then(|it| known.get(it.0)) else { break };
        chosen.push((*next).clone());
    }
    chosen
}

/// Each group's words that are most its own: frequent in it, rare elsewhere.
fn names(texts: &[String], groups: &[Option<usize>], n_groups: usize) -> Vec<String> {
    let mut n_of: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    let mut sizes = vec![0.0_f32; n_groups];
    for (text, group) in texts.iter().zip(groups) {
        let Some(group) = *group else { continue };
        sizes.iter_mut().skip(group).take(1).for_each(|it| *it += 1.0);
        let plain = plain(text);
        let words: BTreeSet<&str> = plain
            .split_whitespace()
            .filter(|it| MIN_LETTERS <= it.chars().count() && it.chars().all(char::is_alphabetic))
            .collect();
        for word in words {
            let counts = n_of.entry(word.to_owned()).or_insert_with(|| vec![0.0; n_groups]);
            counts.iter_mut().skip(group).take(1).for_each(|it| *it += 1.0);
        }
    }
    let name = |group: usize| {
        let size = sizes.get(group).copied().unwrap_or(0.0).max(1.0);
        let rest = (sizes.iter().sum::<f32>() - size).max(1.0);
        let own = n_of.iter().map(|(word, counts)| {
            let here = counts.get(group).copied().unwrap_or(0.0);
            let elsewhere = counts.iter().sum::<f32>() - here;
            (word, here / size - elsewhere / rest)
        });
        let mut own: Vec<(&String, f32)> = own.filter(|it| 0.0 < it.1).collect();
        own.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(other.0)));
        own.iter().take(NAME_WORDS).map(|it| it.0.as_str()).collect::<Vec<_>>().join(" ")
    };
    (0..n_groups).map(name).collect()
}
