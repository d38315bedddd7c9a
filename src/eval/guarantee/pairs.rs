//! Labelled questions answered as a customer's would be, without a model: how sure each
//! reply was, and whether it cites an article that answers.

use super::super::BRAND;
use super::super::Folder;
use super::super::Meanings;
use super::super::Question;
use super::super::shelf::Shelf;
use crate::certify::Judged;
use crate::clock::Stopwatch;
use crate::confidence::Features;
use crate::confidence::confidence;
use crate::draft;
use crate::draft::Draft;
use crate::index::IndexError;
use crate::knowledge::Hit;
use crate::knowledge::Scope;
use crate::knowledge::public_hits;
use crate::retrieve::retrieve;
use crate::verify::verify_and_trim;

/// Answers every question of a folder, those it cannot answer as well, with what was
/// known when each was asked. With each: the milliseconds it took. `progress` is told
/// how many are done.
///
/// # Errors
/// If the index cannot be written or read.
pub fn answered(
    folder: &Folder,
    meanings: &Meanings,
    mut progress: impl FnMut(usize),
) -> Result<Vec<(Judged, f64)>, IndexError> {
    let mut shelf = Shelf::new(folder, meanings, true)?;
    let mut pairs = Vec::new();
    for question in folder.questions.iter().chain(&folder.off_topic) {
        shelf.advance(question.asked_at())?;
        pairs.push(answer(&shelf, question)?);
        progress(pairs.len());
    }
    Ok(pairs)
}

fn answer(shelf: &Shelf<'_>, question: &Question) -> Result<(Judged, f64), IndexError> {
    let ticket = question.ticket();
    let watch = Stopwatch::start();
    let meant = shelf.meanings.of_ticket(&ticket);
    let found = retrieve(&shelf.index, &ticket, &meant, &Scope::public(BRAND))?;
    let draft = draft::extractive(&ticket, &public_hits(&found.articles), &found.past_tickets);
    let (draft, verdict) = verify_and_trim(draft, &found.articles);
    let sure = confidence(&Features::of(&ticket, &found, &draft, &verdict)).probability;
    let took_ms = watch.elapsed_ms();
    let is_reply = !draft.sentences.is_empty();
    let is_right = cited(&draft, &found.articles).is_some_and(|it| question.relevant.contains(it));
    let confidence = if is_reply { sure } else { f32::NAN };
    Ok((Judged { confidence, wrong: !is_right }, took_ms))
}

/// The article the first sentence with a source rests on.
fn cited<'a>(draft: &Draft, articles: &'a [Hit]) -> Option<&'a String> {
    let first = draft.sentences.iter().find_map(|it| it.cites.first())?;
    let cited = draft.citations.get(*first)?;
    let hit = articles.iter().find(|it| it.passage.id == cited.passage_id)?;
    Some(&hit.passage.document_id)
}
