//! Past tickets whose answer links no article often say what an article says:
//! which ones, and how much alike.

use foldhash::HashMap;

use crate::index::DocumentKey;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Query;
use crate::index::Wording;
use crate::index::writing::on_all_cores;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// Only the newest tickets are looked at: each costs as much as a question.
const MAX_TICKETS: usize = 20_000;

/// Shorter answers say nothing that could be found in an article. (Guessed.)
const MIN_ANSWER_WORDS: usize = 12;

/// Articles an answer may resemble, and passages looked at to find them.
const MAX_ALIKE: usize = 4;
const N_PASSAGES: usize = 12;

/// The articles each ticket's answer resembles, by ticket; strengths 0.0–1.0.
pub(super) fn likened(
    index: &Index,
    tickets: &[&Document],
) -> Result<HashMap<DocumentKey, Vec<(DocumentKey, f32)>>, IndexError> {
    let answered = |it: &&&Document| {
        let n_words = it.answer.as_deref().unwrap_or_default().split_whitespace().count();
        it.linked_articles.is_empty() && MIN_ANSWER_WORDS <= n_words
    };
    let mut newest: Vec<&Document> = tickets.iter().filter(answered).copied().collect();
    newest.sort_by(|left, right| (right.updated_at, &right.id).cmp(&(left.updated_at, &left.id)));
    newest.truncate(MAX_TICKETS);
    let parts = on_all_cores(&newest, |part| -> Result<Vec<_>, IndexError> {
        part.iter().map(|it| alike(index, it)).collect()
    });
    let parts = parts.into_iter().collect::<Result<Vec<_>, IndexError>>();
    let found = parts?.into_iter().flatten().filter(|(_, articles)| !articles.is_empty());
    Ok(found.collect())
}

fn alike(
    index: &Index,
    ticket: &Document,
) -> Result<(DocumentKey, Vec<(DocumentKey, f32)>), IndexError> {
    let text = ticket.answer.as_deref().unwrap_or_default();
    let language = ticket.language.as_deref();
    let wording = Wording { text, language, ..Wording::default() };
    let question = index.question(wording, &ticket.brand)?;
    // Whoever asks later sees only what they may: here every article counts.
    let scope = Scope { staff: true, ..Scope::public(&ticket.brand) };
    let (pool, limit) = (Pool::Article, N_PASSAGES);
    let query = Query { question: &question, pool, scope: &scope, limit, also: Vec::new() };
    let scored = index.score(&query)?;
    let most = scored.matches().first().map_or(0.0, |it| it.score);
    let mut articles: Vec<(DocumentKey, f32)> = Vec::new();
    for it in scored.matches() {
        if articles.iter().all(|(known, _)| *known != it.document) && articles.len() < MAX_ALIKE {
            // The fourth power: what is not much less alike than the best counts.
            let strength = (it.score / most).powi(4) * it.coverage;
            articles.push((it.document, strength));
        }
    }
    let key = DocumentKey::new(Pool::PastTicket, &ticket.brand, &ticket.id);
    Ok((key, articles))
}
