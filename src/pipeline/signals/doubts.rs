//! Why a draft may answer another question than the one asked, however well its sentences
//! are backed: it is about another thing, another doing, or the case in which all goes
//! well. Pure. Whoever is doubted by mistake is only shown to a person first.

mod doing;
mod naming;
mod trouble;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::LazyLock;

use foldhash::HashSet;
use regex::Regex;

use crate::decide::Hold;
use crate::draft::Draft;
use crate::knowledge::Hit;
use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::text::sentences::sentences;
use crate::text::terms::Terms;
use crate::ticket::Ticket;

/// How articles send their readers to people, divided by commas.
const TO_PEOPLE: &str = "contact us, contact support, contact our, contact the support, contact customer*, reach out to, get in touch, write to us, \
    email us, e mail us, call us, ask our, our support has to, our support team, our team will, our team has to, our team can, let us know, reply to this, \
    kontaktieren sie, wenden sie sich an, schreiben sie uns, rufen sie uns, unser support, unser team, contactez, ecrivez nous, notre equipe, \
    pongase en contacto, contacta con, contacte con, contactenos, escribenos, nuestro equipo, contattaci, contatta, scrivici, il nostro team, \
    entre em contato, contacte nos, fale conosco, nossa equipe, neem contact, ons team, skontaktuj, napisz do nas, kontakta oss, kontakt oss, kontakt os";

/// How a sentence begins to say in which case it holds, divided by commas.
const CASE_BEGINS: &str = "if, when, without, unless, in case, wenn, falls, ohne, si, sans, en cas, sin, se, senza, caso, sem, als, zonder, jesli, om, hvis, jos";

/// Where a question goes on to the next one within a sentence.
const ALSO: &str = r"(?:^|[,;]\s*|\s)(?:and|und|et|y|e|en)\s+(?:also\s+)?(?:how|where|when|what|which|who|why|can|could|do|does|did|is|are|will|would|should|may|wie|wo|wann|was|kann|comment|quand|como|donde|cuando|puedo|come|dove|quando|posso|hoe|waar|kan)\b";

/// What a draft rests on, read once.
struct Answer {
    /// The words of the articles it cites, as far as they were found, and of what stands
    /// above them.
    terms: HashSet<Rc<str>>,
    text: String,
    /// Made when it is first asked for, as few questions need it.
    plain: OnceCell<String>,
    joined: OnceCell<String>,
    /// What the customer would read: what is stated, with what stands above it.
    shown: String,
}

impl Answer {
    fn read(draft: &Draft, articles: &[Hit], terms: &Terms) -> Answer {
        let is_cited = |it: &Hit| draft.citations.iter().any(|by| by.passage_id == it.passage.id);
        let documents: Vec<&str> = articles
            .iter()
            .filter(|it| is_cited(it))
            .map(|it| it.passage.document_id.as_str())
            .collect();
        let texts: Vec<String> = articles
            .iter()
            .filter(|it| documents.contains(&it.passage.document_id.as_str()))
            .map(|it| {
                let passage = &it.passage;
                [passage.title.as_str(), &passage.headings.join("\n"), &passage.text].join("\n")
            })
            .collect();
        let text = texts.join("\n");
        let terms = terms.of(&text).into_iter().collect();
        let titles = draft.citations.iter().map(|it| it.title.as_str());
        let shown: Vec<&str> = titles.chain(draft.stated().map(|it| it.text.as_str())).collect();
        let shown = plain(&shown.join("\n"));
        Answer { terms, text, plain: OnceCell::new(), joined: OnceCell::new(), shown }
    }

    /// The articles' text, each word between spaces.
    fn plain(&self) -> &str {
        self.plain.get_or_init(|| plain(&self.text))
    }

    fn says_term(&self, term: &Rc<str>) -> bool {
        self.terms.contains(term)
    }

    fn says_word(&self, word: &str) -> bool {
        self.plain().contains(&format!(" {word} "))
    }

    /// As [`Answer::says_word`], whatever divides it there: "Wi-Fi" is one word.
    fn says_joined(&self, word: &str) -> bool {
        self.joined.get_or_init(|| self.plain().replace(' ', "")).contains(word)
    }
}

/// All that speaks for a person to look first, in the order of [`Hold`]. Nothing for a
/// draft that states nothing. `brand` is whose knowledge answers: its own name is no
/// thing.
pub(super) fn doubts(ticket: &Ticket, draft: &Draft, articles: &[Hit], brand: &str) -> Vec<Hold> {
    if draft.stated().next().is_none() {
        return Vec::new();
    }
    let terms = Terms::new(ticket.language.as_deref());
    let answer = Answer::read(draft, articles, &terms);
    let asked = asked(ticket);
    let plain_asked = plain(&asked);
    let looked_at = [
        (ticket.is_cut, Hold::Cut),
        (naming::names_other_things(&asked, ticket, &answer, brand), Hold::OtherThing),
        (doing::wants_something_else(&plain_asked, &answer, &terms), Hold::OtherAction),
        (trouble::is_of_trouble(&plain_asked) && !trouble::is_for_trouble(&answer), Hold::Trouble),
        (is_incomplete(&asked, &answer, &terms), Hold::Incomplete),
        (
            doing::asks_us_to(&plain_asked) || points_to_people(draft, &asked, &terms),
            Hold::NeedsPeople,
        ),
    ];
    looked_at.into_iter().filter_map(|(holds, hold)| holds.then_some(hold)).collect()
}

/// The open question, with its subject as long as nobody has answered.
fn asked(ticket: &Ticket) -> String {
    let answered = ticket.turns.iter().any(|it| it.author.answers());
    let subject = if answered { "" } else { ticket.subject.as_str() };
    // A subject ends where its line does.
    format!("{subject}\n{}", ticket.question)
}

/// True if one of several questions, or something else that fails, shares no word with
/// the articles.
fn is_incomplete(asked: &str, answer: &Answer, terms: &Terms) -> bool {
    static ALSO_ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ALSO).ok());
    let lower = asked.to_lowercase();
    let said = sentences(&lower);
    let is_untouched = |it: &[Rc<str>]| !it.is_empty() && !it.iter().any(|it| answer.says_term(it));
    let asks = |it: &&&str| it.trim_end().ends_with(['?', '？', '؟']);
    let mut beside = said.iter().filter(|it| !asks(it));
    if 1 < said.len()
        && beside.any(|it| trouble::is_of_trouble(&plain(it)) && is_untouched(&terms.of(it)))
    {
        return true;
    }
    let parts = said.iter().filter(asks).flat_map(|it| match &*ALSO_ASKS {
        Some(also) => also.split(it).collect::<Vec<_>>(),
        None => vec![*it],
    });
    let parts: Vec<Vec<Rc<str>>> =
        parts.map(|it| terms.of(it)).filter(|it| !it.is_empty()).collect();
    1 < parts.len() && parts.iter().any(|it| is_untouched(it))
}

/// Words that a case and a question share from which the case is the customer's. (Guessed.)
const MIN_SHARED: usize = 2;

/// True if a draft sends its reader to people; where it says in which case, if that is the
/// customer's.
fn points_to_people(draft: &Draft, asked: &str, terms: &Terms) -> bool {
    static CUES: LazyLock<Cues> = LazyLock::new(|| Cues::listed(TO_PEOPLE));
    static CASES: LazyLock<Cues> = LazyLock::new(|| Cues::listed(CASE_BEGINS));
    let asked: BTreeSet<Rc<str>> = terms.of(asked).into_iter().collect();
    draft.stated().any(|it| {
        let said = plain(&it.text);
        let case: BTreeSet<Rc<str>> = terms.of(&it.text).into_iter().collect();
        CUES.occur_in(&said)
            && (!CASES.occur_in(&said) || MIN_SHARED <= case.intersection(&asked).count())
    })
}

#[cfg(test)]
mod tests;
