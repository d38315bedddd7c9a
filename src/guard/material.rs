//! What a draft was written from, made ready to be looked things up in.

use foldhash::HashSet;

use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::knowledge::Hit;
use crate::text::cues::plain;
use crate::text::is_cjk;
use crate::text::terms::fold;
use crate::ticket::Ticket;

/// Words in a row that are somebody's and not the language's. (Guessed: fewer are
/// found in any two texts about one program.)
const RUN: usize = 8;

/// A cited passage.
pub(super) struct Cited {
    /// Title, headings, text and address, as they came.
    pub text: String,
    /// The same for comparing words.
    pub plain: String,
    /// The same, letters and digits only.
    pub letters: String,
    pub is_public: bool,
}

pub(super) struct Material {
    /// By place among the draft's citations; `None` for a passage that was not given.
    passages: Vec<Option<Cited>>,
    /// All public messages of the conversation, as if they were a passage.
    pub said: Cited,
    /// Runs of words of past tickets and of internal pages. Empty for a draft of quotes.
    foreign: HashSet<String>,
    /// Runs of words of the conversation.
    own: HashSet<String>,
}

impl Material {
    pub(super) fn of(
        draft: &Draft,
        ticket: &Ticket,
        articles: &[Hit],
        past_tickets: &[Hit],
    ) -> Material {
        let cited = |id: &str| {
            let hit = articles.iter().chain(past_tickets).find(|it| it.passage.id == id)?;
            let passage = &hit.passage;
            let headings = passage.headings.join("\n");
            let url = passage.link().unwrap_or_default();
            let text = format!("{}\n{headings}\n{}\n{url}", passage.title, passage.text);
            let plain = plain(&text);
            Some(Cited { letters: letters(&text), plain, text, is_public: is_public(hit) })
        };
        let mut said: Vec<&str> = vec![&ticket.subject, &ticket.question];
        said.extend(ticket.turns.iter().map(|it| it.text.as_str()));
        let said = said.join("\n");
        let is_worded = draft.sentences.iter().any(|it| it.kind == SentenceKind::Claim);
        let closed = articles.iter().chain(past_tickets).filter(|it| is_worded && !is_public(it));
        Material {
            passages: draft.citations.iter().map(|it| cited(&it.passage_id)).collect(),
            foreign: closed.flat_map(|it| runs(&it.passage.text)).collect(),
            own: runs(&said).filter(|_| is_worded).collect(),
            said: Cited {
                letters: letters(&said),
                plain: plain(&said),
                text: said,
                is_public: true,
            },
        }
    }

    /// What our own words may name: titles, and what the customer wrote.
    pub(super) fn nameable(&self) -> Vec<&Cited> {
        self.passages.iter().flatten().chain([&self.said]).collect()
    }

    /// The passages a sentence cites.
    pub(super) fn cited<'a>(&'a self, sentence: &Sentence) -> Vec<&'a Cited> {
        let cited = sentence.cites.iter().filter_map(|it| self.passages.get(*it)?.as_ref());
        cited.collect()
    }

    /// True if a text has a run of words that stands in a past ticket or an internal
    /// page, and neither in the conversation nor in what is cited.
    pub(super) fn repeats_others(&self, text: &str, cited: &[&Cited]) -> bool {
        if self.foreign.is_empty() {
            return false;
        }
        let is_theirs = |run: &String| self.foreign.contains(run) && !self.own.contains(run);
        let is_cited = |run: &String| {
            let letters: String = run.split(' ').collect();
            cited.iter().any(|it| it.letters.contains(&letters))
        };
        runs(text).any(|run| is_theirs(&run) && !is_cited(&run))
    }
}

fn is_public(hit: &Hit) -> bool {
    hit.passage.public().is_some()
}

/// Letters and digits in lower case, without accents.
pub(super) fn letters(text: &str) -> String {
    fold(text).chars().filter(|it| it.is_alphanumeric()).collect()
}

/// Each run of [`RUN`] words; of half as many characters more in scripts without spaces.
fn runs(text: &str) -> impl Iterator<Item = String> {
    let mut words: Vec<String> = Vec::new();
    for word in plain(text).split(' ').filter(|it| !it.is_empty() && *it != ".") {
        if word.chars().any(is_cjk) {
            // Two characters are about a word.
            let letters: Vec<char> = word.chars().collect();
            words.extend(letters.chunks(2).map(String::from_iter));
        } else {
            words.push(word.to_owned());
        }
    }
    let runs: Vec<String> = words.windows(RUN).map(|it| it.join(" ")).collect();
    runs.into_iter()
}
