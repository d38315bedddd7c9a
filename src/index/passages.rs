//! Cuts documents into passages: along headings and blocks, never inside a
//! list or a step unless it is longer than any reader would want.

use crate::knowledge::Document;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::text::markdown::Block;
use crate::text::markdown::BlockKind;
use crate::text::markdown::Section;
use crate::text::markdown::sections;

/// A passage is ended here when the next block would make it longer. (Guessed:
/// 120 to 200 words are a usual answer; to be measured with the drafts.)
const TARGET_WORDS: usize = 160;

/// A list is kept whole up to here; a longer one is cut between its items.
const MAX_WORDS: usize = 400;

/// A section shorter than this joins the one before it, if both stand under
/// one heading: too short to be understood alone. (Guessed.)
const MIN_WORDS: usize = 25;

/// More passages of one document are not indexed. (Guessed: a book.)
const MAX_PASSAGES: usize = 2_000;

/// Cuts a document into passages, in reading order. Of a past ticket the first
/// is the question and the others are the answer. Empty if there is no text.
pub fn cut(document: &Document) -> Vec<Passage> {
    let mut pieces = Vec::new();
    match document.pool {
        Pool::Article => {
            pieces = pieces_of(&document.title, &document.body);
            if pieces.is_empty() {
                pieces.extend(document.summary.as_deref().map(Piece::plain));
            }
        }
        Pool::PastTicket => {
            let question = pieces_of(&document.title, &document.body).into_iter().next();
            pieces.push(question.unwrap_or_else(|| Piece::plain(&document.title)));
            let answer = document.answer.as_deref().unwrap_or_default();
            pieces.extend(pieces_of(&document.title, answer));
        }
    }
    pieces.retain(|it| !it.text.trim().is_empty());
    pieces.truncate(MAX_PASSAGES);
    (0_u32..).zip(pieces).map(|(ordinal, piece)| piece.into_passage(document, ordinal)).collect()
}

/// What names a document's passages in the index.
pub(super) fn key_of(pool: Pool, brand: &str, document_id: &str) -> String {
    format!("{}:{brand}:{document_id}", pool.as_str())
}

#[derive(Debug, Clone, Default)]
struct Piece {
    headings: Vec<String>,
    anchor: Option<String>,
    text: String,
}

impl Piece {
    fn plain(text: &str) -> Piece {
        Piece { text: text.to_owned(), ..Piece::default() }
    }

    fn into_passage(self, document: &Document, ordinal: u32) -> Passage {
        let key = key_of(document.pool, &document.brand, &document.id);
        Passage {
            id: format!("{key}#{ordinal}"),
            document_id: document.id.clone(),
            pool: document.pool,
            brand: document.brand.clone(),
            audience: document.audience.clone(),
            title: document.title.clone(),
            headings: self.headings,
            anchor: self.anchor,
            url: document.url.clone(),
            language: document.language.clone(),
            ordinal,
            text: self.text,
            updated_at: document.updated_at,
        }
    }
}

fn pieces_of(title: &str, markdown: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for section in sections(markdown) {
        let section = without_title(section, title);
        let mut fresh = cut_section(&section);
        // A remark of a line or two under the same heading belongs to what it is about.
        if let (Some(last), Some(first)) = (pieces.last_mut(), fresh.first())
            && last.headings == first.headings
            && n_words(&first.text) < MIN_WORDS
            && n_words(&last.text) < TARGET_WORDS
        {
            last.text = format!("{}\n\n{}", last.text, first.text);
            fresh.remove(0);
        }
        pieces.append(&mut fresh);
    }
    pieces
}

/// A first heading that repeats the document's title leads nowhere.
fn without_title(mut section: Section, title: &str) -> Section {
    if section.headings.first().is_some_and(|it| it.trim().eq_ignore_ascii_case(title.trim())) {
        section.headings.remove(0);
        if section.headings.is_empty() {
            section.anchor = None;
        }
    }
    section
}

fn cut_section(section: &Section) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    for unit in units(&section.blocks) {
        if !text.is_empty() && TARGET_WORDS < n_words(&text) + n_words(&unit) {
            pieces.push(std::mem::take(&mut text));
        }
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&unit);
    }
    pieces.push(text);
    // A tail of a few words says nothing alone.
    if let [.., before, tail] = pieces.as_mut_slice()
        && n_words(tail) < MIN_WORDS
        && n_words(before) < MAX_WORDS - MIN_WORDS
    {
        *before = format!("{before}\n\n{tail}");
        pieces.pop();
    }
    let new_piece =
        |text| Piece { headings: section.headings.clone(), anchor: section.anchor.clone(), text };
    pieces.into_iter().filter(|it| !it.is_empty()).map(new_piece).collect()
}

/// What must not be torn apart: a list with the sentence that announces it, a
/// paragraph, a piece of code. Longer than the cap, it is cut between lines.
fn units(blocks: &[Block]) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    let mut open_group = None;
    for block in blocks {
        let text = block.render();
        let announced = units.last().is_some_and(|it| it.ends_with([':', '：']));
        let together = match (block.group, open_group) {
            (Some(group), Some(open)) => group == open,
            (Some(_), None) => announced,
            (None, _) => announced && block.kind == BlockKind::Code,
        };
        open_group = block.group;
        match units.last_mut() {
            Some(unit) if together && n_words(unit) + n_words(&text) <= MAX_WORDS => {
                unit.push('\n');
                unit.push_str(&text);
            }
            Some(_) | None => units.extend(split_long(&text)),
        }
    }
    units
}

/// Cuts text over the cap at line ends, sentence ends, spaces, in this order.
fn split_long(text: &str) -> Vec<String> {
    if n_words(text) <= MAX_WORDS {
        return vec![text.to_owned()];
    }
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut words = 0;
    for chunk in text.split_inclusive(['\n', ' ', '。', '！', '？']) {
        words += n_words(chunk).max(1);
        part.push_str(chunk);
        let at_end =
            chunk.trim_end().ends_with(['.', '!', '?', '。', '！', '？']) || chunk.ends_with('\n');
        if (TARGET_WORDS <= words && at_end) || MAX_WORDS <= words {
            parts.push(part.trim().to_owned());
            part.clear();
            words = 0;
        }
    }
    parts.push(part.trim().to_owned());
    parts.retain(|it| !it.is_empty());
    parts
}

/// Words, counting two signs of a script without spaces as one.
fn n_words(text: &str) -> usize {
    let spaced = text.split_whitespace().count();
    let signs = text.chars().filter(|it| ('\u{2e80}'..'\u{a000}').contains(it)).count();
    spaced.max(signs / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Audience;

    fn document(pool: Pool, body: &str, answer: Option<&str>) -> Document {
        Document {
            id: "refunds".to_owned(),
            pool,
            brand: "acme".to_owned(),
            title: "Refunds".to_owned(),
            body: body.to_owned(),
            answer: answer.map(str::to_owned),
            summary: None,
            url: Some("https://help.example/refunds".to_owned()),
            language: Some("en".to_owned()),
            audience: Audience::Public,
            updated_at: None,
            solved: true,
            linked_articles: Vec::new(),
            tags: Vec::new(),
            source: "test".to_owned(),
        }
    }

    fn article(body: &str) -> Vec<Passage> {
        cut(&document(Pool::Article, body, None))
    }

    #[test]
    fn a_passage_leads_to_its_heading() {
        let passages =
            article("# Refunds\n\nIntro.\n\n## By card\n\nFive days.\n\n### Abroad\n\nTen days.");
        let found: Vec<_> =
            passages.iter().map(|it| (it.link().unwrap(), it.headings.clone())).collect();
        assert_eq!(
            found,
            [
                ("https://help.example/refunds".to_owned(), vec![]),
                ("https://help.example/refunds#by-card".to_owned(), vec!["By card".to_owned()]),
                (
                    "https://help.example/refunds#abroad".to_owned(),
                    vec!["By card".to_owned(), "Abroad".to_owned()]
                ),
            ]
        );
        assert_eq!(passages.first().unwrap().id, "article:acme:refunds#0");
    }

    #[test]
    fn steps_stay_together_with_the_sentence_that_announces_them() {
        let filler = "word ".repeat(150);
        let steps: String =
            (1..=12).map(|it| format!("{it}. Press the button number {it} and wait.\n")).collect();
        let passages = article(&format!("{filler}\n\nFollow these steps:\n\n{steps}"));
        let last = passages.last().unwrap();
        assert!(last.text.starts_with("Follow these steps:\n1. Press"), "{}", last.text);
        assert!(last.text.contains("\n12. Press"));
    }

    #[test]
    fn no_passage_is_longer_than_the_cap() {
        let steps: String =
            (1..=300).map(|it| format!("{it}. Press the button number {it} and wait.\n")).collect();
        let wall = "Wait a little longer then. ".repeat(500);
        for passage in article(&format!("{steps}\n\n{wall}")) {
            assert!(n_words(&passage.text) <= MAX_WORDS, "{}", n_words(&passage.text));
        }
    }

    #[test]
    fn a_past_ticket_is_found_by_its_question_and_shows_its_answer() {
        let passages =
            cut(&document(Pool::PastTicket, "Where is my money?", Some("It takes **five** days.")));
        let texts: Vec<_> = passages.iter().map(|it| (it.ordinal, it.text.as_str())).collect();
        assert_eq!(texts, [(0, "Where is my money?"), (1, "It takes five days.")]);
    }

    #[test]
    fn an_empty_article_has_no_passages() {
        assert!(article("").is_empty());
        assert!(article("![a picture](x.png)\n\n<!-- nothing -->").is_empty());
    }
}
