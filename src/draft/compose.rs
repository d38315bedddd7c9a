//! From the blocks that answer to what a customer reads: of each article that may be
//! meant the block that answers with its procedure, then the rest of a short article
//! or of the section, within a length.

use crate::draft::Layout;
use crate::draft::blocks::Block;
use crate::draft::choice::Candidate;
use crate::draft::pages::announces;
use crate::draft::parts::Part;
use crate::draft::parts::is_too_long;
use crate::draft::parts::part;
use crate::draft::question::Question;
use crate::knowledge::Passage;

// The lengths were tried on 65 questions to a help center, 164 to passages with a
// reference answer and 228 to a forum: what is found grows with what is quoted, and a
// screen of a phone shows about 100 words.

/// An article of no more words is quoted whole: what else it says is about the same.
/// (Of 140, 180 and 220 as good as the longest.)
const ARTICLE_WORDS: usize = 200;

/// The same of one that fits nearly as well as the best.
const RIVAL_ARTICLE_WORDS: usize = 100;

/// Words of the section that answers which are quoted around its best block: a
/// short section is quoted whole.
const SECTION_WORDS: usize = 120;

/// Words that are quoted around the best block of an article that fits nearly as well.
const RIVAL_WORDS: usize = 30;

/// No other article and no further block is added to a reply that has so many words.
const ENOUGH_WORDS: usize = 150;

/// A reply never grows beyond this by what is added, nor beyond the second by what
/// stands around the blocks of other articles.
const MAX_WORDS: usize = 200;
const MAX_WORDS_OF_RIVALS: usize = 180;

/// How much less another block of the article may score than the best, and how much in a
/// reply of fewer words than the last. (Guessed.)
const SCORE_DROP: f32 = 0.3;
const SCORE_DROP_IN_SHORT: f32 = 0.8;
const SHORT_REPLY_WORDS: usize = 80;

/// How much less the best block of another article may score, and how many such
/// articles are quoted beside the best. (Guessed.)
const RIVAL_DROP: f32 = 0.8;
const MAX_RIVALS: usize = 2;

/// Blocks of one reply.
const MAX_BLOCKS: usize = 9;

/// A quoted sentence and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub text: String,
    pub layout: Layout,
    pub passage: &'a Passage,
}

/// What is quoted in a reply.
#[derive(Debug, Clone, Default)]
pub(super) struct Body<'a> {
    /// Articles with the best first, each in reading order. Empty if nothing can be quoted.
    pub pieces: Vec<Piece<'a>>,
    /// True if what answers best is too long for a reply and was left out.
    pub is_cut: bool,
}

/// The body of a reply, from candidates with the best first.
pub(super) fn compose<'a>(question: &Question, candidates: &[Candidate<'a>]) -> Body<'a> {
    let quotable = |it: &&Candidate| it.is_related && part(question, it).is_some();
    let Some(best) = candidates.iter().find(quotable) else { return Body::default() };
    let mut reply = Reply { question, candidates, parts: Vec::new() };
    reply.add_core(best, usize::MAX);
    // What may be meant comes before more of what is likeliest.
    let rivals = rivals(best, candidates);
    for rival in &rivals {
        if reply.has_room() {
            reply.add_core(rival, MAX_WORDS);
        }
    }
    if !reply.add_whole_article(best, ARTICLE_WORDS, MAX_WORDS) {
        reply.add_section(best);
    }
    for (rival, place) in rivals.iter().zip(0..) {
        if !reply.holds(rival) {
            continue;
        }
        let article_words = if place == 0 { RIVAL_ARTICLE_WORDS } else { 0 };
        if !reply.add_whole_article(rival, article_words, MAX_WORDS_OF_RIVALS) {
            let room = reply.n_words() + RIVAL_WORDS;
            reply.grow_around(rival, room, MAX_WORDS_OF_RIVALS);
        }
    }
    let first = candidates.iter().find(|it| it.is_related).filter(|it| !std::ptr::eq(*it, best));
    let is_cut = first.and_then(Candidate::block).is_some_and(Block::is_steps);
    Body { pieces: reply.into_pieces(), is_cut }
}

/// The best block of each other article that was found nearly as well: which of them
/// is meant only the customer knows.
fn rivals<'c, 'a>(best: &Candidate, candidates: &'c [Candidate<'a>]) -> Vec<&'c Candidate<'a>> {
    let mut articles = vec![best.passage.document_id.as_str()];
    let near = candidates.iter().filter(|it| it.is_related && best.score - RIVAL_DROP <= it.score);
    let mut is_new = |it: &&Candidate<'a>| {
        let article = it.passage.document_id.as_str();
        let is_new = !articles.contains(&article);
        articles.push(article);
        is_new
    };
    near.filter(|it| is_new(it)).take(MAX_RIVALS).collect()
}

/// The reply as it grows.
struct Reply<'a, 'q> {
    question: &'q Question,
    /// Best first.
    candidates: &'q [Candidate<'a>],
    /// In the order they were chosen.
    parts: Vec<Part<'a>>,
}

impl<'a, 'q> Reply<'a, 'q> {
    fn n_words(&self) -> usize {
        self.parts.iter().map(Part::n_words).sum()
    }

    /// True if a procedure of the article is quoted.
    fn has_steps_of(&self, article: &str) -> bool {
        let parts = self.parts.iter().filter(|it| it.passage.document_id == article);
        let mut lines = parts.flat_map(|it| &it.lines);
        lines.any(|(_, layout)| *layout == Layout::Step)
    }

    /// The blocks of the article a block is of, best first.
    fn of_article(&self, of: &Candidate) -> impl Iterator<Item = &'q Candidate<'a>> + use<'a, 'q> {
        let article = of.passage.document_id.clone();
        self.candidates.iter().filter(move |it| it.passage.document_id == article)
    }

    fn holds(&self, candidate: &Candidate) -> bool {
        let same = |it: &Part| {
            it.passage.id == candidate.passage.id && it.block_idx == candidate.block_idx
        };
        self.parts.iter().any(same)
    }

    /// True if all of a part was quoted already: pages repeat themselves.
    fn says(&self, part: &Part) -> bool {
        let said: Vec<&String> =
            self.parts.iter().flat_map(|it| &it.lines).map(|(text, _)| text).collect();
        part.lines.iter().all(|(text, _)| said.contains(&text))
    }

    fn has_room(&self) -> bool {
        self.parts.len() < MAX_BLOCKS && self.n_words() < ENOUGH_WORDS
    }

    /// False for a list that would run into another one: their steps would be counted
    /// as one procedure.
    fn fits(&self, part: &Part) -> bool {
        let of_section = |it: &&Part| it.is_of_section(part);
        let (before, after): (Vec<&Part>, Vec<&Part>) =
            self.parts.iter().filter(of_section).partition(|it| it.place() < part.place());
        let before = before.into_iter().max_by_key(|it| it.place());
        let after = after.into_iter().min_by_key(|it| it.place());
        let runs_on = |one: &Part, next: &Part| one.is_list() && next.is_bare();
        !before.is_some_and(|it| runs_on(it, part)) && !after.is_some_and(|it| runs_on(part, it))
    }

    /// What an article is quoted for: a block, and for a question about a way or a
    /// trouble the procedure that goes with it.
    fn add_core(&mut self, best: &Candidate<'a>, max_words: usize) {
        self.add_within(best, max_words);
        let article = &best.passage.document_id;
        if self.question.asks.way && self.holds(best) && !self.has_steps_of(article) {
            let is_short = |it: &Block| !is_too_long(it.items().len(), it.lines.len());
            let is_steps = |it: &Block| it.is_steps() && is_short(it);
            let mut blocks = self.of_article(best);
            if let Some(steps) = blocks.find(|it| it.block().is_some_and(is_steps)) {
                self.add_within(steps, max_words);
            }
        }
    }

    /// Adds all an article says. False if that has more than `article_words`: then
    /// nothing is added.
    fn add_whole_article(
        &mut self,
        best: &Candidate<'a>,
        article_words: usize,
        max_words: usize,
    ) -> bool {
        let mut all: Vec<&Candidate> = self.of_article(best).collect();
        all.sort_by_key(|it| (it.passage.ordinal, it.block_idx));
        let n_words: usize = all.iter().filter_map(|it| it.block()).map(Block::n_words).sum();
        if article_words < n_words {
            return false;
        }
        for it in all {
            self.add_within(it, max_words);
        }
        true
    }

    /// Adds what stands around the best block, and what else of its article is as good.
    fn add_section(&mut self, best: &Candidate<'a>) {
        let article = &best.passage.document_id;
        let others = self.parts.iter().filter(|it| it.passage.document_id != *article);
        let n_others: usize = others.map(Part::n_words).sum();
        self.grow_around(best, SECTION_WORDS + n_others, MAX_WORDS);
        for candidate in self.of_article(best) {
            let is_short = self.n_words() < SHORT_REPLY_WORDS;
            let drop = if is_short { SCORE_DROP_IN_SHORT } else { SCORE_DROP };
            if best.score - drop <= candidate.score && self.has_room() {
                self.add_within(candidate, MAX_WORDS);
            }
        }
    }

    /// Adds a block, one that promises something together with that, if the reply stays
    /// within so many words.
    fn add_within(&mut self, candidate: &Candidate<'a>, max_words: usize) {
        if self.holds(candidate) {
            return;
        }
        let Some(part) = part(self.question, candidate) else { return };
        let is_too_much = max_words < self.n_words() + part.n_words();
        if self.says(&part) || is_too_much || !self.fits(&part) {
            return;
        }
        let ends_open = part.lines.last().is_some_and(|(text, _)| announces(text));
        self.parts.push(part);
        if ends_open {
            self.add_within(&candidate.neighbor(1), max_words);
        }
    }

    /// What stands around a block in its passage, first behind it, then before it.
    /// A list is quoted whole, so it may need the room of the second.
    fn grow_around(&mut self, best: &Candidate<'a>, max_words: usize, max_with_list: usize) {
        for step in [1, -1] {
            let mut next = best.neighbor(step);
            while next.block().is_some() && self.n_words() < max_words {
                let is_steps = next.block().is_some_and(Block::is_steps);
                let room = if is_steps { max_with_list } else { max_words };
                self.add_within(&next, room);
                if !self.holds(&next) {
                    break;
                }
                next = next.neighbor(step);
            }
        }
    }

    /// Articles as they were chosen, each in reading order.
    fn into_pieces(self) -> Vec<Piece<'a>> {
        let mut articles: Vec<&str> = Vec::new();
        for part in &self.parts {
            if !articles.contains(&part.passage.document_id.as_str()) {
                articles.push(&part.passage.document_id);
            }
        }
        let mut order: Vec<&Part<'a>> = self.parts.iter().collect();
        let article = |it: &Part| articles.iter().position(|id| *id == it.passage.document_id);
        order.sort_by_key(|it| (article(it), it.place()));
        let pieces = order.into_iter().flat_map(|part| {
            let lines = part.lines.iter();
            lines.map(|(text, layout)| Piece {
                text: text.clone(),
                layout: *layout,
                passage: part.passage,
            })
        });
        without_empty_promises(pieces.collect())
    }
}

/// The pieces without sentences that end in a colon and are not followed by what
/// stands after them in their passage.
fn without_empty_promises(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces.into_iter().rev() {
        let next = kept.last().filter(|next| next.passage.id == piece.passage.id);
        let promises = !piece.layout.is_item() && piece.text.ends_with([':', '：']);
        if next.is_some() || !promises {
            kept.push(piece);
        }
    }
    kept.reverse();
    kept
}
