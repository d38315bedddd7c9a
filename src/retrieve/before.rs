//! What the conversation before the question is about. Everybody's words count
//! here: a customer says "that one", an agent says which.

use foldhash::HashMap;

use super::Signals;
use super::groups;
use super::groups::Group;
use super::groups::by_document;
use crate::embed::Sought;
use crate::index::DocumentKey;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Query;
use crate::index::Said;
use crate::index::Scored;
use crate::index::Titles;
use crate::index::Wording;
use crate::knowledge::Pool;
use crate::knowledge::Scope;
use crate::ticket::Ticket;

/// How much less each earlier turn counts than the one after it.
const TURN_FADES: f32 = 0.7;

/// Turns before the question that count, and passages looked at for them.
const MAX_TURNS: usize = 12;
const N_PASSAGES: usize = 200;

/// The turns before the question.
pub(super) struct Before {
    /// Best first; empty for a first message.
    pub(super) groups: Vec<Group>,
    by_document: HashMap<DocumentKey, (f32, f32)>,
    /// What was said, later turns counting as much as earlier ones.
    meaning: Option<Sought>,
    /// Latest turn first.
    turns: Vec<Said>,
}

/// What was said before the question, latest turn first.
pub(super) fn texts(ticket: &Ticket) -> Vec<&str> {
    let texts = ticket.turns.iter().rev().map(|it| it.text.as_str());
    texts.filter(|it| !ticket.question.contains(it)).take(MAX_TURNS).collect()
}

impl Before {
    pub(super) fn read(
        index: &Index,
        ticket: &Ticket,
        meaning: Option<&Sought>,
        scope: &Scope,
    ) -> Result<Before, IndexError> {
        let texts = texts(ticket);
        let language = ticket.language.as_deref();
        let mut turns = Vec::with_capacity(texts.len());
        for text in &texts {
            let wording = Wording { text, language, ..Wording::default() };
            turns.push(Said::new(&index.question(wording, &scope.brand)?, scope));
        }
        let mut groups = Vec::new();
        if let Some((text, earlier)) = texts.split_first() {
            let context = earlier.join("\n");
            let wording = Wording { text, title: "", context: &context, language };
            let question = index.question(wording, &scope.brand)?;
            let (pool, limit) = (Pool::Article, N_PASSAGES);
            let query = Query { question: &question, pool, scope, limit, also: Vec::new() };
            groups = by_document(&index.score(&query)?);
        }
        let by_document = groups.iter().map(|it| (it.document, (it.score, it.coverage())));
        let (by_document, meaning) = (by_document.collect(), meaning.cloned());
        Ok(Before { by_document, groups, meaning, turns })
    }

    pub(super) fn signals(&self, group: &Group, scored: &Scored, titles: &Titles) -> Signals {
        let article = group.document;
        let (words, coverage) = self.by_document.get(&article).copied().unwrap_or_default();
        let shares = self.turns.iter().map(|it| titles.share(article, it));
        let faded = shares.zip(0_i16..).map(|(share, age)| share * TURN_FADES.powi(age.into()));
        Signals {
            before_words: words,
            before_coverage: coverage,
            before_named: faded.sum(),
            before_meaning: self
                .meaning
                .as_ref()
                .map_or(0.0, |it| groups::meaning(group, scored, it)),
            ..Signals::default()
        }
    }
}
