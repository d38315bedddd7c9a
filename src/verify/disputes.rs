//! Whether another article says otherwise than what a draft says: another amount, or
//! "not", for the same thing. Which of the two is right, a person decides.

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::text::language;
use crate::text::sentences::line_kind;
use crate::text::sentences::sentences;
use crate::text::statement::Statement;
use crate::text::statement::statements;
use crate::text::terms::Terms;
use crate::verify::ClaimVerdict;

/// Two articles that say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The sentence of the draft.
    pub said: String,
    /// The sentence of the other article.
    pub otherwise: String,
    /// The other article's title.
    pub title: String,
}

/// Passages that are looked through, best first: what a drafter may have seen.
const N_PASSAGES: usize = 8;

// When two sentences are about the same thing. Guessed, strict: articles tell of
// plans, systems and versions that differ in a word and in an amount.
/// Words both must have at least.
const MIN_SHARED: usize = 3;
/// Share of the shorter one's words that the other has, for amounts and for "not".
const SHARED: f32 = 0.9;
const SHARED_IF_DENIED: f32 = 1.0;
/// Share of the longer one's words that the other has.
const SHARED_OF_LONGER: f32 = 0.7;

/// Sentences and items of lists, without their numbers.
const CUT: (&str, fn(&str) -> Vec<&str>) =
    ("disputes", |text| sentences(text).into_iter().map(|it| line_kind(it).1).collect());

/// The first sentence of a draft that an article it does not cite says otherwise.
pub(super) fn find(draft: &Draft, claims: &[ClaimVerdict], hits: &[Hit]) -> Option<Dispute> {
    let hits = hits.get(..N_PASSAGES).unwrap_or(hits);
    // A reply is in one language, and so is what it was written from.
    let first = claims.iter().find_map(|it| cited(draft, it, hits))?;
    let language = first.language.as_deref();
    let others = hits.iter().map(|it| &it.passage).filter(|it| it.pool == Pool::Article);
    if others.clone().all(|it| it.document_id == first.document_id) {
        return None;
    }
    let terms = Terms::new(language);
    let mut lines: Vec<(&Passage, Statement)> = Vec::new();
    for other in others.filter(|it| is_comparable(it, first)) {
        lines.extend(statements(&other.text, CUT, &terms).into_iter().map(|it| (other, it)));
    }
    claims.iter().find_map(|claim| {
        let cited = cited(draft, claim, hits)?;
        let said = Statement::read(&draft.sentences.get(claim.sentence_idx)?.text, &terms);
        // An article that gives two amounts gives them for two cases.
        let of_others = lines.iter().filter(|(it, _)| it.document_id != cited.document_id);
        let mut of_others = of_others.filter(|(_, line)| differ(&said, line, language));
        let (other, line) = of_others.next()?;
        Some(Dispute {
            said: said.text.to_owned(),
            otherwise: line.text.to_owned(),
            title: other.title.clone(),
        })
    })
}

fn cited<'a>(draft: &Draft, claim: &ClaimVerdict, hits: &'a [Hit]) -> Option<&'a Passage> {
    let citation = draft.citations.get(claim.backed_by?)?;
    hits.iter().map(|it| &it.passage).find(|it| it.id == citation.passage_id)
}

fn is_comparable(other: &Passage, cited: &Passage) -> bool {
    language::may_be_same(other.language.as_deref(), cited.language.as_deref())
}

fn differ(said: &Statement, line: &Statement, language: Option<&str>) -> bool {
    let (one, other) = (said.n_terms(), line.n_terms());
    // Most differ in length already.
    if (one.min(other) as f32) < SHARED_OF_LONGER * one.max(other) as f32 {
        return false;
    }
    let n_shared = said.n_shared(line);
    let shared = n_shared as f32 / one.min(other).max(1) as f32;
    let of_longer = n_shared as f32 / one.max(other).max(1) as f32;
    if n_shared < MIN_SHARED || shared < SHARED || of_longer < SHARED_OF_LONGER {
        return false;
    }
    // Costly, and seldom reached.
    let other_amount = said.has_other_amount(line);
    let denied = SHARED_IF_DENIED <= shared && said.is_denied_by(line);
    (other_amount || denied) && said.has_names_of(line, language)
}
