//! A cited passage, cut into sentences and read for facts, and the comparison
//! of one sentence with the two that fit it best.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::knowledge::Passage;
use crate::text::facts;
use crate::text::fingerprint;
use crate::text::sentences::line_kind;
use crate::text::sentences::sentences;
use crate::text::sentences::without_pictures;
use crate::text::terms::terms;
use crate::verify::Fault;

/// A passage as verify sees it.
#[derive(Debug)]
pub(super) struct Evidence {
    language: Option<String>,
    fingerprint: String,
    sentences: Vec<Line>,
    /// In how many of the sentences a term occurs.
    frequency: BTreeMap<String, usize>,
    /// Names of title and headings: everything below is about them.
    about: BTreeSet<String>,
    text: String,
}

#[derive(Debug)]
struct Line {
    text: String,
    terms: Vec<String>,
}

impl Evidence {
    pub(super) fn read(passage: &Passage) -> Evidence {
        let language = passage.language.as_deref();
        let text = without_pictures(&passage.text);
        let cut = sentences(&text)
            .into_iter()
            .map(|it| Line { text: line_kind(it).1.to_owned(), terms: terms(it, language) });
        let sentences: Vec<Line> = cut.collect();
        let mut frequency = BTreeMap::new();
        for line in &sentences {
            for term in line.terms.iter().collect::<BTreeSet<_>>() {
                *frequency.entry(term.clone()).or_insert(0) += 1;
            }
        }
        let about = format!("{} . {}", passage.title, passage.headings.join(" . "));
        Evidence {
            fingerprint: fingerprint(&text),
            about: about
                .split(|it: char| !it.is_alphanumeric())
                .map(crate::text::terms::fold)
                .collect(),
            language: passage.language.clone(),
            text: text.into_owned(),
            sentences,
            frequency,
        }
    }

    /// True if the passage holds the sentence letter for letter, whatever the
    /// markup and spacing.
    pub(super) fn holds_verbatim(&self, sentence: &str) -> bool {
        let wanted = fingerprint(sentence);
        !wanted.is_empty() && self.fingerprint.contains(&wanted)
    }

    /// What a term weighs: the rarer among the sentences, the more it tells.
    fn weight(&self, term: &str) -> f32 {
        let n = self.sentences.len() as f32;
        let seen = self.frequency.get(term).copied().unwrap_or(0) as f32;
        (1.0 + (n + 1.0) / (seen + 0.5)).ln()
    }

    /// The two sentences that share most with `claim`, best first.
    fn aligned(&self, claim: &[String]) -> Vec<&Line> {
        let claim: BTreeSet<&String> = claim.iter().collect();
        let mut scored: Vec<(f32, &Line)> = self
            .sentences
            .iter()
            .map(|line| {
                let own: BTreeSet<&String> = line.terms.iter().collect();
                (own.intersection(&claim).map(|it| self.weight(it)).sum(), line)
            })
            .collect();
        scored.sort_by(|one, other| other.0.total_cmp(&one.0));
        scored.into_iter().take(2).filter(|it| it.0 > 0.0).map(|it| it.1).collect()
    }
}

/// How far the best of the cited passages bears a sentence out, and what in it
/// that passage does not.
pub(super) fn compare(sentence: &str, cited: &[&Evidence]) -> (f32, Vec<Fault>) {
    let mut best = (0.0, vec![Fault::Unbacked]);
    let mut first = true;
    for evidence in cited {
        let claim = terms(sentence, evidence.language.as_deref());
        let aligned = evidence.aligned(&claim);
        let support = precision(&claim, &aligned, evidence);
        let mut faults = Vec::new();
        if !aligned.is_empty() {
            check_facts(sentence, &claim, &aligned, evidence, &mut faults);
        }
        check_links(sentence, cited, &mut faults);
        let better = (faults.len(), -support) < (best.1.len(), -best.0);
        if std::mem::take(&mut first) || better {
            best = (support, faults);
        }
    }
    best
}

/// Share of the claim's words, by weight, and of its word pairs that stand in
/// the aligned sentences. 1.0 for a claim without words of its own.
fn precision(claim: &[String], aligned: &[&Line], evidence: &Evidence) -> f32 {
    let known: BTreeSet<&String> = aligned.iter().flat_map(|it| &it.terms).collect();
    let total: f32 = claim.iter().map(|it| evidence.weight(it)).sum();
    if total <= 0.0 {
        return if aligned.is_empty() { 0.0 } else { 1.0 };
    }
    let found = claim.iter().filter(|it| known.contains(it)).map(|it| evidence.weight(it));
    let single = found.sum::<f32>() / total;
    let pairs: BTreeSet<(&String, &String)> =
        aligned.iter().flat_map(|it| it.terms.iter().zip(it.terms.iter().skip(1))).collect();
    let n_pairs = claim.len().saturating_sub(1);
    if n_pairs == 0 {
        return single;
    }
    let kept = claim.iter().zip(claim.iter().skip(1)).filter(|it| pairs.contains(it)).count();
    // 0.8 / 0.2: guessed. Word order tells less than words, but a claim made of
    // shuffled words of its source must not count as fully backed.
    0.8 * single + 0.2 * kept as f32 / n_pairs as f32
}

fn check_facts(
    sentence: &str,
    claim: &[String],
    aligned: &[&Line],
    evidence: &Evidence,
    faults: &mut Vec<Fault>,
) {
    let source: Vec<&str> = aligned.iter().map(|it| it.text.as_str()).collect();
    let source = source.join("\n");
    let given = numbers_given(claim, aligned);
    for number in facts::numbers(sentence) {
        if !given.iter().any(|it| number.agrees_with(it)) {
            faults.push(Fault::Number(number.spelled()));
        }
    }
    let words: BTreeSet<String> =
        source.split(|it: char| !it.is_alphanumeric()).map(crate::text::terms::fold).collect();
    let foreign = facts::names(sentence, evidence.language.as_deref());
    if let Some(name) =
        foreign.into_iter().find(|it| !words.contains(it) && !evidence.about.contains(it))
    {
        faults.push(Fault::Name(name));
    }
    let Some(closest) = aligned.first() else { return };
    if facts::negated(sentence) != facts::negated(&closest.text) {
        faults.push(Fault::Negation);
    }
    let said = facts::directions(sentence);
    let given = facts::directions(&source);
    // The opposite's number differs in the last bit only.
    let opposite = said.iter().find(|it| given.contains(&(**it ^ 1)) && !given.contains(it));
    faults.extend(opposite.map(|it| Fault::Direction(facts::direction_word(*it).to_owned())));
}

/// The numbers a claim may take from its aligned sentences: all of the closest,
/// and those of the next only where the claim takes words from it too. Else any
/// number of a passage would back any other.
fn numbers_given(claim: &[String], aligned: &[&Line]) -> BTreeSet<facts::Number> {
    let mut given = BTreeSet::new();
    let mut covered: BTreeSet<&String> = BTreeSet::new();
    for line in aligned {
        let own: BTreeSet<&String> = line.terms.iter().collect();
        let adds = claim.iter().filter(|it| own.contains(it) && !covered.contains(it)).count();
        if covered.is_empty() || adds >= 2 {
            given.append(&mut facts::numbers(&line.text));
        }
        covered.extend(own);
    }
    given
}

/// Every address in the sentence must stand in a cited passage, letter for letter.
pub(super) fn check_links(sentence: &str, cited: &[&Evidence], faults: &mut Vec<Fault>) {
    let starts = ["http://", "https://", "www.", "mailto:", "data:", "javascript:"];
    for word in sentence.split(|it: char| {
        it.is_whitespace() || matches!(it, '(' | ')' | '<' | '>' | '"' | '[' | ']')
    }) {
        let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let lower = word.to_lowercase();
        let is_link = starts.iter().any(|it| lower.starts_with(it)) || lower.contains("://");
        if is_link && !cited.iter().any(|it| it.text.contains(word)) {
            faults.push(Fault::Link(word.to_owned()));
        }
    }
}
