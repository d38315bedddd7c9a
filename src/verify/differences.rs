//! Where a sentence and its passage part, and whether that makes another statement:
//! another number, name or menu step, a "not" or an "only" more or less, an opposite,
//! another word in what is otherwise copied.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::text::facts;
use crate::text::is_cjk;
use crate::text::terms::fold;
use crate::verify::Fault;
use crate::verify::align::Walk;
use crate::verify::align::goes_on;
use crate::verify::evidence::Evidence;
use crate::verify::evidence::Line;
use crate::verify::support::Signs;
use crate::verify::support::content_found;
use crate::verify::tables::tables;
use crate::verify::words::Word;

/// Share of a sentence that the walk must cover for it to count as copied. In a copy
/// one other word is another statement; a free wording has other words throughout.
/// Tried on sentences with one changed word and on people's judgements of replies:
/// 0.5 to 0.7 make no difference.
const COPIED: f32 = 0.6;

/// Share of a freely worded sentence's content that the passage must have before a
/// "not" in only one of them counts. Guessed.
const SAME_MATTER: f32 = 0.7;

/// A sentence of a draft.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    pub text: &'a str,
    pub words: Vec<Word>,
}

/// A place where the two part.
#[derive(Debug)]
struct Difference {
    kind: Kind,
    /// Words of the sentence that the walk left out.
    said: Range<usize>,
    /// Words of the passage that stand there instead; empty where that is unknown.
    given: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The passage has nothing there.
    PutIn,
    Replaced,
    /// The sentence has nothing there.
    LeftOut,
    /// Before the walk's first word, or behind its last.
    AtEnd,
    /// Where the walk jumps.
    AtJump,
}

/// What in a sentence its passage does not bear out, each once, in order.
pub(super) fn faults(claim: &Claim, walk: &Walk, passage: &Evidence, signs: &Signs) -> Vec<Fault> {
    let lines = lines_used(claim, walk, passage);
    let mut faults = numbers(claim, &lines);
    if signs.walked < COPIED {
        of_free_wording(claim, &lines, passage, &mut faults);
        return faults;
    }
    let differences = differences(walk, passage);
    let seen = Seen { claim, walk, passage };
    for difference in &differences {
        match difference.kind {
            Kind::LeftOut => seen.left_out(difference, &mut faults),
            Kind::PutIn | Kind::Replaced | Kind::AtEnd | Kind::AtJump => {
                seen.other_words(difference, &mut faults);
            }
        }
    }
    seen.menu_order(&mut faults);
    let first = walk.at.first().copied().flatten();
    let denied = first.is_some_and(|it| passage.is_denied(it));
    // Scripts without spaces have no words to look at: their "not" is an ending.
    let other_ending = claim.text.contains(is_cjk) && negated(claim.text) != any_negated(&lines);
    if denied || other_ending {
        push(&mut faults, Fault::Negation);
    }
    faults
}

fn push(faults: &mut Vec<Fault>, fault: Fault) {
    if !faults.contains(&fault) {
        faults.push(fault);
    }
}

fn negated(text: &str) -> bool {
    facts::negated(text)
}

fn any_negated(lines: &[&Line]) -> bool {
    lines.iter().any(|it| negated(&it.text))
}

/// The lines the walk went through: the one it took most from, and those it took two
/// words or more from. Else any number of a passage would back any other.
fn lines_used<'a>(claim: &Claim, walk: &Walk, passage: &'a Evidence) -> Vec<&'a Line> {
    let mut taken = vec![(0_usize, 0.0_f32); passage.lines.len()];
    for (place, word) in walk.at.iter().zip(&claim.words) {
        let line = place.and_then(|it| passage.line_of.get(it));
        if let Some((n_words, weight)) = line.and_then(|it| taken.get_mut(*it)) {
            *n_words += 1;
            *weight += word.weight;
        }
    }
    let most = taken.iter().map(|it| it.1).fold(0.0, f32::max);
    let used = taken.iter().zip(&passage.lines);
    let used =
        used.filter(|((n_words, weight), _)| 0.0 < *weight && (2 <= *n_words || most <= *weight));
    used.map(|(_, line)| line).collect()
}

/// Numbers, with their units, that none of the lines gives.
fn numbers(claim: &Claim, lines: &[&Line]) -> Vec<Fault> {
    let said = facts::numbers(claim.text);
    if said.is_empty() {
        return Vec::new();
    }
    let given: BTreeSet<facts::Number> =
        lines.iter().flat_map(|it| facts::numbers(&it.text)).collect();
    let foreign = said.iter().filter(|it| !given.iter().any(|other| it.agrees_with(other)));
    foreign.map(|it| Fault::Number(it.spelled())).collect()
}

/// Of a sentence in words of its own, only what can be told without knowing which word
/// stands for which.
fn of_free_wording(claim: &Claim, lines: &[&Line], passage: &Evidence, faults: &mut Vec<Fault>) {
    if lines.is_empty() {
        return;
    }
    let given = lines.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("\n");
    let known: BTreeSet<String> = given.split(|it: char| !it.is_alphanumeric()).map(fold).collect();
    let names = facts::names(claim.text, passage.language.as_deref());
    let foreign = names.into_iter().find(|it| !known.contains(it) && !passage.about.contains(it));
    faults.extend(foreign.map(Fault::Name));
    if content_found(&claim.words, passage) < SAME_MATTER {
        return;
    }
    if negated(claim.text) != any_negated(lines) {
        push(faults, Fault::Negation);
    }
    let (said, given) = (facts::directions(claim.text), facts::directions(&given));
    // The opposite's number differs in the last bit only.
    let opposite = said.iter().find(|it| given.contains(&(**it ^ 1)) && !given.contains(it));
    faults.extend(opposite.map(|it| Fault::Direction(facts::direction_word(*it).to_owned())));
}

/// All places where the walk has a gap on either side, or jumps.
fn differences(walk: &Walk, passage: &Evidence) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut last: Option<(usize, usize)> = None;
    for (idx, place) in walk.at.iter().enumerate() {
        let Some(place) = *place else { continue };
        let (kind, said, given) = match last {
            None => (Kind::AtEnd, 0..idx, before(place, idx, passage)),
            Some((last_idx, from)) => {
                let said = last_idx + 1..idx;
                match (goes_on(from, place, passage), said.is_empty(), place == from + 1) {
                    (false, _, _) => (Kind::AtJump, said, 0..0),
                    (true, false, true) => (Kind::PutIn, said, 0..0),
                    (true, false, false) => (Kind::Replaced, said, from + 1..place),
                    (true, true, _) => (Kind::LeftOut, said, from + 1..place),
                }
            }
        };
        last = Some((idx, place));
        if !said.is_empty() || !given.is_empty() {
            found.push(Difference { kind, said, given });
        }
    }
    if let Some((idx, place)) = last
        && idx + 1 < walk.at.len()
    {
        let said = idx + 1..walk.at.len();
        let given = behind(place, said.len(), passage);
        found.push(Difference { kind: Kind::AtEnd, said, given });
    }
    found
}

/// The words of the same line before `place`, one more than `n_said` at most; none
/// if nothing was said there.
fn before(place: usize, n_said: usize, passage: &Evidence) -> Range<usize> {
    let line = passage.line_of.get(place).and_then(|it| passage.lines.get(*it));
    let start = line.map_or(place, |it| it.words.start);
    if n_said == 0 { place..place } else { start.max(place.saturating_sub(n_said + 1))..place }
}

/// The words of the same line behind `place`, one more than `n_said` at most.
fn behind(place: usize, n_said: usize, passage: &Evidence) -> Range<usize> {
    let line = passage.line_of.get(place).and_then(|it| passage.lines.get(*it));
    let end = line.map_or(place + 1, |it| it.words.end);
    place + 1..end.min(place + 2 + n_said)
}

/// A sentence beside its passage.
struct Seen<'a> {
    claim: &'a Claim<'a>,
    walk: &'a Walk,
    passage: &'a Evidence,
}

impl Seen<'_> {
    fn said(&self, difference: &Difference) -> &[Word] {
        self.claim.words.get(difference.said.clone()).unwrap_or_default()
    }

    fn given(&self, difference: &Difference) -> &[Word] {
        self.passage.words.get(difference.given.clone()).unwrap_or_default()
    }

    /// As the sentence spells them.
    fn spelled(&self, words: &[Word]) -> String {
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return String::new() };
        self.claim.text.get(first.place.start..last.place.end).unwrap_or_default().to_owned()
    }

    /// A "not", an "only" or a step of a menu path that the sentence leaves out. What
    /// stands in brackets may always be left out.
    fn left_out(&self, difference: &Difference, faults: &mut Vec<Fault>) {
        let given = self.given(difference);
        if given.first().is_some_and(|it| it.in_brackets) {
            return;
        }
        if given.iter().any(|it| it.is_negation) {
            push(faults, Fault::Negation);
        }
        for word in given.iter().filter(|it| tables().is_exception(&it.key)) {
            push(faults, Fault::Condition(word.key.as_ref().to_owned()));
        }
        let next_is_step = self.claim.words.get(difference.said.end).is_some_and(|it| it.is_step);
        if let Some(step) = given.iter().find(|it| it.is_step && next_is_step) {
            push(faults, Fault::MenuPath(step.key.as_ref().to_owned()));
        }
    }

    /// Words of the sentence for which the passage has others, or none.
    fn other_words(&self, difference: &Difference, faults: &mut Vec<Fault>) {
        let (said, given) = (self.said(difference), self.given(difference));
        let n_before = faults.len();
        let n_negations = |words: &[Word]| words.iter().filter(|it| it.is_negation).count();
        if n_negations(said) != n_negations(given) {
            push(faults, Fault::Negation);
        }
        if let Some(word) = self.opposed(difference) {
            push(faults, Fault::Direction(word.to_owned()));
        }
        let path_goes_on = self.claim.words.get(difference.said.end).is_some_and(|it| it.is_step);
        for word in said.iter().filter(|it| !given.iter().any(|other| other.stem == it.stem)) {
            let spelled = || self.spelled(std::slice::from_ref(word));
            let titled =
                difference.kind == Kind::PutIn && self.passage.about.contains(word.key.as_ref());
            let is_fact = word.is_number || word.is_name;
            if word.is_number {
                let known = |it: &Fault| matches!(it, Fault::Number(number) if number.split(' ').next() == Some(&word.key));
                if !faults.iter().any(known) {
                    push(faults, Fault::Number(spelled()));
                }
            } else if word.is_step || (path_goes_on && is_fact) {
                push(faults, Fault::MenuPath(spelled()));
            } else if word.is_name && !titled {
                push(faults, Fault::Name(spelled()));
            } else if tables().is_limit(&word.key) {
                push(faults, Fault::Condition(spelled()));
            }
        }
        // "may" for "must", "also" for "only", "some" for "every".
        let replaced = match difference.kind {
            Kind::Replaced => given,
            Kind::AtEnd if difference.said.start == 0 => {
                given.get(given.len().saturating_sub(said.len())..).unwrap_or_default()
            }
            Kind::AtEnd | Kind::PutIn | Kind::LeftOut | Kind::AtJump => &[],
        };
        let limits = replaced.iter().filter(|it| tables().is_limit(&it.key));
        for word in limits.filter(|it| !said.iter().any(|other| other.key == it.key)) {
            push(faults, Fault::Condition(word.key.as_ref().to_owned()));
        }
        let tells = |it: &&Word| !it.is_empty && !it.is_negation;
        let is_other = said.iter().any(|it| tells(&it)) && given.iter().any(|it| tells(&it));
        if faults.len() == n_before && is_other {
            push(faults, Fault::Changed(self.spelled(said)));
        }
    }

    /// The word whose opposite the passage has in its place, each with the word before
    /// and behind it: "turn on" is told by two.
    fn opposed(&self, difference: &Difference) -> Option<&'static str> {
        if difference.given.is_empty() {
            return None;
        }
        let around = |words: &[Word], place: &Range<usize>| {
            let wide = place.start.saturating_sub(1)..words.len().min(place.end + 1);
            let words = words.get(wide).unwrap_or_default();
            words.iter().map(|it| it.key.as_ref()).collect::<Vec<_>>().join(" ")
        };
        facts::opposed(
            &around(&self.claim.words, &difference.said),
            &around(&self.passage.words, &difference.given),
        )
    }

    /// Steps of a menu path that stand in another order than in the passage.
    fn menu_order(&self, faults: &mut Vec<Fault>) {
        let mut last: Option<(usize, usize)> = None;
        for (idx, (place, word)) in self.walk.at.iter().zip(&self.claim.words).enumerate() {
            let Some(place) = *place else { continue };
            if let Some((last_idx, from)) = last
                && word.is_step
                && last_idx + 1 == idx
                && !goes_on(from, place, self.passage)
            {
                push(faults, Fault::MenuPath(self.spelled(std::slice::from_ref(word))));
            }
            last = Some((idx, place));
        }
    }
}
