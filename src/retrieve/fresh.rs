//! Whether people have since said otherwise than a passage does: another price,
//! another period, "no longer" where it says it works. Pure; compares only what
//! was found for one question.

use std::cell::LazyCell;

use crate::knowledge::Hit;
use crate::knowledge::Stale;
use crate::text::language;
use crate::text::sentences::sentences;
use crate::text::statement::Statement;
use crate::text::statement::statements;
use crate::text::terms::Terms;

/// Share of the shorter sentence's words that both must say to be about the same
/// matter; the stricter one where nothing but a "not" tells them apart. (Guessed,
/// high: whoever is doubted by mistake is only shown to a person first.)
const SAME_MATTER: f32 = 0.6;
const SAME_WORDS: f32 = 0.75;

/// Words two sentences must share at least.
const MIN_SHARED: usize = 3;

/// Marks the passages that newer answers of people contradict.
pub(super) fn mark(articles: &mut [Hit], answers: &[Hit]) {
    // Read when first needed: most articles are newer than what people said.
    let said: Vec<LazyCell<_, _>> =
        answers.iter().map(|it| LazyCell::new(move || said_in(it))).collect();
    for article in articles {
        let newer = answers.iter().zip(&said).filter(|(it, _)| is_newer(it, article));
        let newer: Vec<_> = newer.collect();
        if newer.is_empty() {
            continue;
        }
        let lines = said_in(article);
        let stale =
            newer.into_iter().find_map(|(answer, said)| contradiction(&lines, answer, said));
        article.stale = stale;
    }
}

fn is_newer(answer: &Hit, article: &Hit) -> bool {
    let (answer, article) = (&answer.passage, &article.passage);
    // Words of two languages cannot be compared.
    let comparable = language::may_be_same(answer.language.as_deref(), article.language.as_deref());
    // What has no date may be of yesterday.
    let newer = matches!((answer.updated_at, article.updated_at), (Some(at), Some(it)) if it < at);
    comparable && newer
}

fn contradiction(lines: &[Statement], answer: &Hit, said: &[Statement]) -> Option<Stale> {
    let pairs = said.iter().flat_map(|said| lines.iter().map(move |line| (said, line)));
    let (said, line) = pairs.into_iter().find(|(said, line)| differ(said, line))?;
    Some(Stale {
        passage: line.text.to_owned(),
        answer: said.text.to_owned(),
        ticket: answer.passage.document_id.clone(),
        at: answer.passage.updated_at,
    })
}

fn said_in(hit: &Hit) -> Vec<Statement<'_>> {
    let terms = Terms::new(hit.passage.language.as_deref());
    let mut lines = statements(&hit.passage.text, CUT, &terms);
    lines.retain(|it| MIN_SHARED <= it.n_terms());
    lines
}

const CUT: (&str, fn(&str) -> Vec<&str>) =
    ("fresh", |text| sentences(text).into_iter().map(str::trim).collect());

/// True if two sentences speak of the same matter and cannot both be right.
fn differ(one: &Statement, other: &Statement) -> bool {
    let n_shared = one.n_shared(other);
    let shared = n_shared as f32 / one.n_terms().min(other.n_terms()) as f32;
    if n_shared < MIN_SHARED || shared < SAME_MATTER {
        return false;
    }
    if one.has_other_amount(other) {
        return true;
    }
    SAME_WORDS <= shared && (one.is_denied_by(other) || one.is_opposite_of(other))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::index::cut;
    use crate::knowledge::Document;
    use crate::knowledge::Pool;

    fn hit(pool: Pool, text: &str, year: i16) -> Hit {
        let at = format!("{year}-06-01T00:00:00Z").parse::<Timestamp>().unwrap();
        let document = Document { pool, updated_at: Some(at), ..document(text) };
        let passage = cut(&document).into_iter().last().unwrap();
        Hit { passage, score: 1.0, signals: Vec::new(), stale: None }
    }

    fn document(text: &str) -> Document {
        let json = serde_json::json!({
            "id": "1", "pool": "article", "brand": "acme", "title": "Refunds", "body": "Refund?",
            "source": "test",
        });
        let document: Document = serde_json::from_value(json).unwrap();
        Document { body: text.to_owned(), answer: Some(text.to_owned()), ..document }
    }

    fn stale(article: (&str, i16), answer: (&str, i16)) -> Option<Stale> {
        let mut articles = [hit(Pool::Article, article.0, article.1)];
        mark(&mut articles, &[hit(Pool::PastTicket, answer.0, answer.1)]);
        let [article] = articles;
        article.stale
    }

    #[test]
    fn a_price_that_people_have_since_told_otherwise_makes_a_passage_stale() {
        let stale = stale(
            ("The express delivery of an order costs 5 euros.", 2023),
            ("Express delivery of your order costs 7 euros since May.", 2025),
        );
        let stale = stale.unwrap();
        assert_eq!(stale.passage, "The express delivery of an order costs 5 euros.");
        assert_eq!(stale.ticket, "1");
    }

    #[test]
    fn what_no_longer_works_makes_a_passage_stale() {
        let article = ("You can export your contacts as a spreadsheet.", 2023);
        let answer = ("You cannot export your contacts as a spreadsheet.", 2025);
        assert!(stale(article, answer).is_some());
    }

    #[test]
    fn an_older_answer_or_one_about_something_else_changes_nothing() {
        let article = ("The express delivery of an order costs 5 euros.", 2023);
        assert_eq!(stale(article, ("Express delivery of an order costs 4 euros.", 2021)), None);
        assert_eq!(stale(article, ("A replacement battery costs 7 euros.", 2025)), None);
        assert_eq!(stale(article, ("Express delivery of an order costs 5 euros.", 2025)), None);
    }
}
