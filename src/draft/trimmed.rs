//! A reply without the sentences that cannot be sent, if it is still one.

use std::collections::BTreeSet;

use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::pages::leans_back;

impl Draft {
    /// The reply without some of its sentences, its citations numbered anew. `None` if
    /// it does not survive that:
    ///
    /// - the first statement goes: it is the answer;
    /// - an item of a list goes, or the sentence that leads one: a procedure with a
    ///   piece missing is another procedure;
    /// - what follows cannot be understood without it;
    /// - more than half of the statements go.
    #[must_use]
    pub fn without(&self, removed: &BTreeSet<usize>) -> Option<Draft> {
        let states = |it: &Sentence| it.kind != SentenceKind::Joint;
        let n_before = self.sentences.iter().filter(|it| states(it)).count();
        let first =
            self.sentences.iter().enumerate().position(|(idx, it)| {
                states(it) && (!it.cites.is_empty() || removed.contains(&idx))
            })?;
        let torn = removed.iter().any(|idx| self.is_torn_without(*idx, removed));
        if removed.contains(&first) || torn {
            return None;
        }
        let mut sentences: Vec<Sentence> = Vec::new();
        let mut opens_paragraph = false;
        for (idx, sentence) in self.sentences.iter().enumerate() {
            if removed.contains(&idx) {
                opens_paragraph |= sentence.layout == Layout::Paragraph;
                continue;
            }
            let mut sentence = sentence.clone();
            if std::mem::take(&mut opens_paragraph) && sentence.layout == Layout::Running {
                sentence.layout = Layout::Paragraph;
            }
            sentences.push(sentence);
        }
        let n_left = sentences.iter().filter(|it| states(it)).count();
        (n_before <= 2 * n_left).then(|| self.renumbered(sentences))
    }

    /// True if what is left around a sentence does not hold together without it.
    fn is_torn_without(&self, idx: usize, removed: &BTreeSet<usize>) -> bool {
        let is_item = |it: &Sentence| it.layout.is_item();
        let is_listed = self.sentences.get(idx).is_some_and(is_item);
        let next = (idx + 1..).take_while(|it| *it < self.sentences.len());
        let next = next.into_iter().find(|it| !removed.contains(it));
        let next = next.and_then(|it| self.sentences.get(it));
        let leads = next.is_some_and(|it| is_item(it) || leans_back(&it.text));
        is_listed || leads
    }

    /// The same citations in the order in which these sentences first use them.
    fn renumbered(&self, mut sentences: Vec<Sentence>) -> Draft {
        let mut used: Vec<usize> = Vec::new();
        for cite in sentences.iter_mut().flat_map(|it| &mut it.cites) {
            let place = used.iter().position(|it| it == cite);
            *cite = place.unwrap_or_else(|| {
                used.push(*cite);
                used.len() - 1
            });
        }
        let citations = used.iter().filter_map(|it| self.citations.get(*it).cloned()).collect();
        Draft {
            sentences,
            citations,
            written_by: self.written_by.clone(),
            asks_back: self.asks_back,
            language: self.language.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Citation;
    use crate::draft::Writer;

    fn sentence(text: &str, layout: Layout, cites: &[usize]) -> Sentence {
        let kind = if text.ends_with(',') { SentenceKind::Joint } else { SentenceKind::Claim };
        Sentence { text: text.to_owned(), cites: cites.to_vec(), kind, layout }
    }

    fn draft(sentences: Vec<Sentence>) -> Draft {
        let cited = |it: &str| Citation { passage_id: it.to_owned(), title: it.into(), url: None };
        Draft {
            sentences,
            citations: ["a", "b", "c"].map(cited).to_vec(),
            written_by: Writer::Model("m".to_owned()),
            asks_back: false,
            language: None,
        }
    }

    fn prose() -> Draft {
        draft(vec![
            sentence("Hello,", Layout::Paragraph, &[]),
            sentence("Plans renew every month.", Layout::Paragraph, &[2]),
            sentence("Owners are charged.", Layout::Paragraph, &[0]),
            sentence("Invoices come by mail.", Layout::Running, &[1, 2]),
        ])
    }

    #[test]
    fn what_is_left_is_numbered_anew_and_keeps_its_paragraphs() {
        let left = prose().without(&BTreeSet::from([2])).unwrap();
        let cites: Vec<&[usize]> = left.sentences.iter().map(|it| it.cites.as_slice()).collect();
        assert_eq!(cites, [&[][..], &[0], &[1, 0]]);
        let ids: Vec<&str> = left.citations.iter().map(|it| it.passage_id.as_str()).collect();
        assert_eq!(ids, ["c", "b"]);
        assert_eq!(left.sentences[2].layout, Layout::Paragraph);
    }

    #[test]
    fn a_reply_does_not_survive_the_loss_of_its_answer_or_of_most_of_it() {
        assert_eq!(prose().without(&BTreeSet::from([1])), None);
        assert_eq!(prose().without(&BTreeSet::from([2, 3])), None);
        assert_eq!(prose().without(&BTreeSet::from([1, 2, 3])), None);
        assert_eq!(draft(Vec::new()).without(&BTreeSet::new()), None);
    }

    #[test]
    fn nothing_is_torn_out_of_a_list() {
        let procedure = draft(vec![
            sentence("You can change it.", Layout::Paragraph, &[0]),
            sentence("On a phone:", Layout::Paragraph, &[0]),
            sentence("Open Settings.", Layout::Step, &[0]),
            sentence("Choose Plan.", Layout::Step, &[0]),
            sentence("Below Billing.", Layout::Bullet, &[0]),
            sentence("Save.", Layout::Step, &[0]),
            sentence("Changes count at once.", Layout::Paragraph, &[1]),
        ]);
        for idx in 1..=5 {
            assert_eq!(procedure.without(&BTreeSet::from([idx])), None, "{idx}");
        }
        assert_eq!(procedure.without(&BTreeSet::from([6])).unwrap().sentences.len(), 6);
    }

    #[test]
    fn a_sentence_stays_with_the_one_it_leans_on() {
        let leaning = draft(vec![
            sentence("Plans renew.", Layout::Paragraph, &[0]),
            sentence("Owners are charged.", Layout::Running, &[0]),
            sentence("However, nobody else is.", Layout::Running, &[0]),
        ]);
        assert_eq!(leaning.without(&BTreeSet::from([1])), None);
        assert!(leaning.without(&BTreeSet::from([2])).is_some());
    }
}
