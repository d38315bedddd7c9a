//! How often the guard holds back what people really answered: each answer as a draft
//! that cites itself, and as one that cites nothing.

use crate::draft::Citation;
use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::guard::Limits;
use crate::guard::Rule;
use crate::guard::guard;
use crate::knowledge::Audience;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::text::sentences::sentences;
use crate::ticket::Ticket;

use super::BRAND;

const ID: &str = "answer";

/// The rules that one answer breaks where a passage says all it says; and the rules about
/// promises it breaks where none does.
pub(super) fn rules(answer: &str) -> (Vec<Rule>, Vec<Rule>) {
    let cited = broken(answer, answer);
    let alone = broken(answer, "");
    let promises =
        [Rule::Refund, Rule::Compensation, Rule::Deadline, Rule::Legal, Rule::Medical, Rule::Deed];
    (cited, alone.into_iter().filter(|it| promises.contains(it)).collect())
}

fn broken(answer: &str, source: &str) -> Vec<Rule> {
    let claim = |text: &str| Sentence {
        text: text.to_owned(),
        cites: vec![0],
        kind: SentenceKind::Claim,
        layout: Layout::Running,
    };
    let citation = Citation { passage_id: ID.to_owned(), title: String::new(), url: None };
    let draft = Draft {
        sentences: sentences(answer).into_iter().map(claim).collect(),
        citations: vec![citation],
        written_by: Writer::Extractive,
        asks_back: false,
        language: None,
    };
    guard(draft, &Ticket::default(), &[hit(source)], &[], &Limits::default()).1.blocks
}

fn hit(text: &str) -> Hit {
    let passage = Passage {
        id: ID.to_owned(),
        document_id: ID.to_owned(),
        pool: Pool::Article,
        brand: BRAND.to_owned(),
        audience: Audience::Public,
        title: String::new(),
        headings: Vec::new(),
        anchor: None,
        url: None,
        language: None,
        ordinal: 0,
        text: text.to_owned(),
        updated_at: None,
    };
    Hit { passage, score: 1.0, signals: Vec::new(), stale: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_source_says_is_not_held_back_and_a_promise_of_ones_own_is() {
        let (cited, alone) = rules("We will refund you. Open Settings.");
        assert_eq!((cited, alone), (Vec::new(), vec![Rule::Refund]));
    }
}
