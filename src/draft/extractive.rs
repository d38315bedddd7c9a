//! Writes a reply from the passages' own sentences: what answers, quoted in order,
//! with a few lines around it. No model, no key; every statement is a quote.

use std::rc::Rc;

use crate::draft::Citation;
use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::draft::choice::ranked;
use crate::draft::compose::compose;
use crate::draft::fork::Fork;
use crate::draft::fork::fork;
use crate::draft::fork::is_of_another_version;
use crate::draft::joints;
use crate::draft::opening;
use crate::draft::question::Question;
use crate::draft::question::Source;
use crate::draft::shelf;
use crate::draft::shelf::Shelved;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::PublicHit;
use crate::text;
use crate::text::language;
use crate::text::terms::Terms;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// Passages that are looked into, best first: all that are kept.
const N_CANDIDATES: usize = 25;

/// Past tickets whose answers are listened to, best first. (Guessed.)
const N_ANSWERS: usize = 3;

/// The best answer the articles hold in their own words. No sentences if none of
/// them has to do with the question.
///
/// Past tickets only tell which part of an article people answered with: they hold
/// other customers' words and are never quoted.
pub fn extractive(ticket: &Ticket, articles: &[PublicHit<'_>], past_tickets: &[Hit]) -> Draft {
    let mut hits: Vec<&Hit> = articles.iter().take(N_CANDIDATES).map(|it| it.hit()).collect();
    let language = hits.first().and_then(|it| it.passage.language.clone());
    // Nobody reads half a reply.
    hits.retain(|it| language::may_be_same(language.as_deref(), it.passage.language.as_deref()));
    let language = language.or_else(|| ticket.language.clone());
    let terms = Terms::new(language.as_deref());
    let found: Vec<(&Hit, Rc<Shelved>)> =
        hits.into_iter().map(|it| (it, shelf::read(&it.passage, &terms))).collect();
    let sources: Vec<Source> = found.iter().map(|(_, it)| it.source.clone()).collect();
    let answered: Vec<&str> =
        past_tickets.iter().take(N_ANSWERS).map(|it| it.passage.text.as_str()).collect();
    let question = Question::read(ticket, language, terms, &sources).with_answers(&answered);
    let mut draft = Draft {
        sentences: Vec::new(),
        citations: Vec::new(),
        written_by: Writer::Extractive,
        asks_back: false,
        language: question.language.clone(),
    };
    let mut candidates = ranked(&question, &found);
    let fork = fork(ticket, &candidates);
    draft.asks_back = fork.is_some() || is_of_another_version(ticket, &candidates);
    if let (Some(_), Some(best)) = (&fork, candidates.first().map(|it| it.passage)) {
        candidates.retain(|it| it.passage.id == best.id);
    }
    let body = compose(&question, &candidates);
    let Some(first) = body.pieces.first() else { return draft };
    let joints = joints::joints(draft.language.as_deref());
    draft.sentences = before(ticket, &question, first.passage, fork.as_ref(), &draft);
    let mut article = first.passage.document_id.as_str();
    let mut headings = &first.passage.headings;
    for piece in body.pieces {
        if piece.passage.document_id != article {
            article = &piece.passage.document_id;
            let topic = opening::topic(piece.passage);
            draft.sentences.push(joint(joints::about(joints.rival, &topic)));
            // Which of the articles is meant only the customer can say.
            draft.asks_back = true;
        } else if piece.passage.headings != *headings
            && let Some(heading) = piece.passage.headings.last()
        {
            draft.sentences.push(joint(opening::section(heading)));
        }
        headings = &piece.passage.headings;
        let cites = vec![cite(&mut draft.citations, piece.passage)];
        let kind = SentenceKind::Quote;
        draft.sentences.push(Sentence { text: piece.text, cites, kind, layout: piece.layout });
    }
    if body.is_cut {
        draft.sentences.push(joint(joints.elsewhere.to_owned()));
    }
    draft.sentences.push(joint(joints.closing.to_owned()));
    draft
}

/// What stands before the quotes: the greeting, the customer's problem, what our
/// article calls it, and what is to be asked.
fn before(
    ticket: &Ticket,
    question: &Question,
    passage: &Passage,
    fork: Option<&Fork>,
    draft: &Draft,
) -> Vec<Sentence> {
    let joints = joints::joints(draft.language.as_deref());
    let mut before = vec![joint(joints.greeting.to_owned())];
    // Two languages in one line read like a mistake.
    let one_language = language::may_be_same(ticket.language.as_deref(), draft.language.as_deref());
    if let Some(problem) = opening::problem(ticket, question, passage).filter(|_| one_language) {
        before.push(joint(joints::about(joints.problem, &problem)));
    }
    before.push(joint(joints::about(joints.opening, &opening::topic(passage))));
    if let Some(Fork { options }) = fork
        && let Some(first) = options.first()
    {
        let asked = joints::about(joints.fork, &options.join(", "));
        // Nobody is asked the same twice: a person who reads the draft may know.
        if !was_said(ticket, &asked) {
            before.push(joint(asked));
        }
        before.push(joint(joints::about(joints.meanwhile, first)));
    }
    before
}

/// True if we said this before in the conversation.
fn was_said(ticket: &Ticket, text: &str) -> bool {
    let text = text::fingerprint(text);
    let own = ticket.turns.iter().filter(|it| it.author == AuthorKind::Own);
    own.map(|it| text::fingerprint(&it.text)).any(|it| it.contains(&text))
}

/// The index of a passage among the citations, where it is put if it is new.
fn cite(citations: &mut Vec<Citation>, passage: &Passage) -> usize {
    let known = citations.iter().position(|it| it.passage_id == passage.id);
    known.unwrap_or_else(|| {
        citations.push(Citation {
            passage_id: passage.id.clone(),
            title: cited_title(passage),
            url: passage.link(),
        });
        citations.len() - 1
    })
}

fn joint(text: String) -> Sentence {
    let layout = Layout::Paragraph;
    Sentence { text, cites: Vec::new(), kind: SentenceKind::Joint, layout }
}

fn cited_title(passage: &Passage) -> String {
    match passage.headings.last() {
        Some(heading) => format!("{} – {heading}", passage.title),
        None => passage.title.clone(),
    }
}

#[cfg(test)]
mod tests;
