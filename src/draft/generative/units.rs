//! What of a reply is told at once, because half of it says something else: a sentence by
//! itself, a list with the line that announces it. And what is left of a composed reply
//! when another one breaks off.

use std::collections::BTreeSet;

use crate::draft::Citation;
use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::pages::leans_back;
use crate::text;

/// A sentence with what it cites; its own `cites` are not used.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub sentence: Sentence,
    pub cites: Vec<Citation>,
}

/// Puts sentences together as they come.
#[derive(Debug, Default)]
pub struct Units {
    /// A list that may go on, or a line that announces one.
    open: Vec<Piece>,
}

impl Units {
    /// Takes the next sentence; what is complete with it, in order.
    pub fn push(&mut self, piece: Piece) -> Vec<Vec<Piece>> {
        let sentence = &piece.sentence;
        if sentence.layout.is_item() {
            self.open.push(piece);
            return Vec::new();
        }
        let announces = sentence.text.ends_with([':', '：']);
        let mut complete: Vec<Vec<Piece>> = self.end().into_iter().collect();
        if announces {
            self.open.push(piece);
        } else {
            complete.push(vec![piece]);
        }
        complete
    }

    /// What is complete because nothing follows.
    pub fn end(&mut self) -> Option<Vec<Piece>> {
        let open = std::mem::take(&mut self.open);
        (!open.is_empty()).then_some(open)
    }
}

impl Draft {
    /// Goes on with a unit.
    pub fn append(&mut self, unit: &[Piece]) {
        for Piece { sentence, cites } in unit {
            let cites = cites.iter().map(|it| self.cite(it)).collect();
            let mut sentence = Sentence { cites, ..sentence.clone() };
            // What it went on from may not have been told.
            let goes_on = self
                .sentences
                .last()
                .is_some_and(|it| it.kind != SentenceKind::Joint && !it.layout.is_item());
            if sentence.layout == Layout::Running && !goes_on {
                sentence.layout = Layout::Paragraph;
            }
            self.sentences.push(sentence);
        }
    }

    fn cite(&mut self, citation: &Citation) -> usize {
        let known = self.citations.iter().position(|it| it.passage_id == citation.passage_id);
        known.unwrap_or_else(|| {
            self.citations.push(citation.clone());
            self.citations.len() - 1
        })
    }

    fn pieces(&self) -> impl Iterator<Item = Piece> {
        self.sentences.iter().map(|it| Piece {
            sentence: it.clone(),
            cites: it.cites.iter().filter_map(|it| self.citations.get(*it)).cloned().collect(),
        })
    }
}

/// True if a unit cannot be understood, or says something else, without the one before.
pub fn leans(unit: &[Piece]) -> bool {
    unit.first().is_some_and(|it| it.sentence.layout.is_item() || leans_back(&it.sentence.text))
}

/// What a composed reply says beyond what was told: its units from the first quote on, each
/// whole or not at all, and its closing.
pub fn rest_of(composed: &Draft, told: &Draft) -> Vec<Vec<Piece>> {
    let known: BTreeSet<String> =
        told.sentences.iter().map(|it| text::fingerprint(&it.text)).collect();
    let is_told = |it: &Piece| known.contains(&text::fingerprint(&it.sentence.text));
    let is_joint = |it: &Piece| it.sentence.kind == SentenceKind::Joint;
    let mut units = Units::default();
    let mut rest: Vec<Vec<Piece>> =
        composed.pieces().skip_while(is_joint).flat_map(|it| units.push(it)).collect();
    rest.extend(units.end());
    let mut is_before_told = false;
    rest.retain(|unit| {
        // Whoever leans on what was told elsewhere is told with it or not at all.
        is_before_told = unit.iter().all(is_told) || (is_before_told && leans(unit));
        !is_before_told
    });
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Writer;

    fn sentence(text: &str, layout: Layout) -> Sentence {
        let kind = if text.ends_with('!') { SentenceKind::Joint } else { SentenceKind::Quote };
        Sentence { text: text.to_owned(), cites: vec![0], kind, layout }
    }

    fn draft(sentences: &[(&str, Layout)]) -> Draft {
        let citation = Citation { passage_id: "a".to_owned(), title: "A".to_owned(), url: None };
        Draft {
            sentences: sentences.iter().map(|(text, layout)| sentence(text, *layout)).collect(),
            citations: vec![citation],
            written_by: Writer::Extractive,
            asks_back: false,
            language: None,
        }
    }

    fn composed() -> Draft {
        draft(&[
            ("Hello!", Layout::Paragraph),
            ("Plans renew.", Layout::Paragraph),
            ("However, they end.", Layout::Running),
            ("To end one:", Layout::Paragraph),
            ("Open it.", Layout::Step),
            ("Press End.", Layout::Step),
            ("Owners only.", Layout::Paragraph),
            ("Bye!", Layout::Paragraph),
        ])
    }

    fn texts(units: &[Vec<Piece>]) -> Vec<Vec<&str>> {
        units.iter().map(|it| it.iter().map(|it| it.sentence.text.as_str()).collect()).collect()
    }

    #[test]
    fn a_list_is_told_whole_with_the_line_that_announces_it() {
        let mut units = Units::default();
        let mut complete: Vec<Vec<Piece>> =
            composed().pieces().flat_map(|it| units.push(it)).collect();
        complete.extend(units.end());
        assert_eq!(
            texts(&complete),
            [
                vec!["Hello!"],
                vec!["Plans renew."],
                vec!["However, they end."],
                vec!["To end one:", "Open it.", "Press End."],
                vec!["Owners only."],
                vec!["Bye!"]
            ]
        );
    }

    #[test]
    fn the_rest_is_what_was_not_told_and_a_procedure_is_told_anew() {
        let told = draft(&[("Plans renew.", Layout::Paragraph), ("Open it.", Layout::Step)]);
        assert_eq!(
            texts(&rest_of(&composed(), &told)),
            [vec!["To end one:", "Open it.", "Press End."], vec!["Owners only."], vec!["Bye!"]]
        );
        let all = composed();
        assert!(rest_of(&all, &all).is_empty());
    }

    #[test]
    fn what_is_appended_is_cited_by_its_own_number_and_opens_a_paragraph_of_its_own() {
        let mut told = draft(&[("Hello!", Layout::Paragraph)]);
        let cites = vec![Citation { passage_id: "b".to_owned(), title: "B".into(), url: None }];
        let piece = Piece { sentence: sentence("It ends.", Layout::Running), cites };
        told.append(&[piece]);
        assert_eq!(told.sentences[1].cites, [1]);
        assert_eq!(told.sentences[1].layout, Layout::Paragraph);
    }
}
