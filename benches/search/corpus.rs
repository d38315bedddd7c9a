//! Made-up knowledge of any size: articles, past tickets and questions, the same
//! on every machine. Words are as rare as Zipf's law has it, and a text keeps to
//! its matter, so that there is something to find.

use deskhand::index::Change;
use deskhand::knowledge::Document;
use deskhand::knowledge::Pool;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Ticket;
use deskhand::ticket::Turn;
use jiff::Timestamp;

/// Whose knowledge all of it is.
pub(crate) const BRAND: &str = "bench";

/// What the figures are stated for.
pub(crate) const PASSAGES_AN_ARTICLE: u64 = 5;
const WORDS_A_PASSAGE: usize = 120;

/// Of a past ticket: what was asked, and what was answered. (Guessed.)
const WORDS_ASKED: usize = 45;
const WORDS_ANSWERED: usize = 75;

/// Different words there are: a large help center with its names and numbers.
const N_WORDS: f64 = 200_000.0;

/// Words of a text that belong to its matter, and how many there are of it.
/// (Guessed.)
const ON_TOPIC: f64 = 0.25;
const TOPIC_WORDS: usize = 30;

/// What is asked is about one of the first articles, so that the same can be
/// asked at every size.
pub(crate) const ARTICLES_ASKED_ABOUT: u64 = 4_000;

/// Turns of a conversation before its question, and words of each. (Guessed.)
const TURNS: u64 = 6;
const WORDS_A_TURN: usize = 30;

/// Words every question has, the commonest first; the index leaves all of them out.
const FUNCTION_WORDS: &str = "the to you and a of in is for your on it that can with this i be if \
    or have are as not my from at will an do by but has when was no all so any how what more they \
    only just we out up would get about there should into these also then now been here need want";

/// Words half of the articles of a help center have, the commonest first.
const TRADE_WORDS: &str = "account email page settings click order app device password file sign \
    payment message update error phone login support address link button number card version plan \
    menu screen data change help time open select team user product service request store name \
    option list image code browser install cancel refund delivery invoice export report connection \
    network calendar contact folder backup profile security";

/// How much of it there is in all.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) n_passages: u64,
    pub(crate) n_tickets: u64,
}

impl Size {
    pub(crate) fn n_articles(self) -> u64 {
        self.n_passages.div_ceil(PASSAGES_AN_ARTICLE)
    }
}

/// Something to be found, and what is asked to find it.
pub(crate) struct Question {
    pub(crate) ticket: Ticket,
    /// Without the words every question has: what the others are asked.
    pub(crate) plain: String,
    /// The article it was made from.
    pub(crate) article: u64,
}

/// SplitMix64: small, good enough, and the same in every version of every library.
struct Chance(u64);

impl Chance {
    /// Different for each thing that is made up.
    fn new(kind: u64, number: u64) -> Chance {
        let mut chance = Chance(kind.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0.0 to 1.0, without 1.0.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 0 to `n`, without `n`.
    fn below(&mut self, n: u64) -> u64 {
        (self.share() * n as f64) as u64
    }
}

/// All words there are, by how common they are.
pub(crate) struct Words {
    /// The commonest, in order, and whether each says something.
    common: Vec<(&'static str, bool)>,
}

impl Words {
    pub(crate) fn new() -> Words {
        let mut function = FUNCTION_WORDS.split_whitespace().map(|it| (it, false));
        let trade = TRADE_WORDS.split_whitespace().map(|it| (it, true));
        let mut common: Vec<(&'static str, bool)> = function.by_ref().take(9).collect();
        // Of running text about half are words every question has.
        for word in trade {
            common.push(word);
            common.extend(function.by_ref().take(2));
        }
        Words { common }
    }

    /// How common a word of running text is: 0 for the commonest. The chance of a
    /// word is one part of its place, as Zipf has it.
    fn any(chance: &mut Chance) -> usize {
        N_WORDS.powf(chance.share()) as usize - 1
    }

    fn says_something(&self, place: usize) -> bool {
        self.common.get(place).is_none_or(|(_, says_something)| *says_something)
    }

    fn push(&self, place: usize, chance: &mut Chance, text: &mut String) {
        if let Some((word, _)) = self.common.get(place) {
            text.push_str(word);
            return;
        }
        let mut rest = place;
        while 0 < rest {
            text.push(char::from(b"bdfglmnprstvzjhk"[rest % 16]));
            text.push(char::from(b"aeiou"[rest / 16 % 5]));
            rest /= 80;
        }
        text.push('k');
        if chance.below(8) == 0 {
            text.push('s');
        }
    }

    /// What an article is about: words that few others have.
    fn topic(&self, article: u64) -> Vec<usize> {
        let mut chance = Chance::new(1, article);
        let rare = |share: f64| N_WORDS.powf(0.4 + 0.6 * share) as usize - 1;
        (0..TOPIC_WORDS).map(|_| rare(chance.share())).collect()
    }

    fn one(&self, topic: &[usize], chance: &mut Chance) -> usize {
        if chance.share() < ON_TOPIC {
            let among = chance.share().powi(2) * topic.len() as f64;
            return topic[among as usize];
        }
        Words::any(chance)
    }

    /// Sentences of about twelve words.
    fn running(&self, n_words: usize, topic: &[usize], chance: &mut Chance) -> String {
        let mut text = String::with_capacity(n_words * 8);
        for word_idx in 1..=n_words {
            self.push(self.one(topic, chance), chance, &mut text);
            text.push_str(if word_idx % 12 == 0 || word_idx == n_words { ". " } else { " " });
        }
        text
    }

    /// Words that say something, as titles have them.
    fn title(&self, n_words: usize, topic: &[usize], chance: &mut Chance) -> String {
        let mut text = String::new();
        for word_idx in 0..n_words {
            let place = match word_idx % 2 {
                0 => topic[chance.below(topic.len() as u64) as usize],
                _ => self.telling(topic, chance),
            };
            self.push(place, chance, &mut text);
            text.push(' ');
        }
        text.trim_end().to_owned()
    }

    fn telling(&self, topic: &[usize], chance: &mut Chance) -> usize {
        loop {
            let place = self.one(topic, chance);
            if self.says_something(place) {
                return place;
            }
        }
    }

    pub(crate) fn article(&self, number: u64) -> Document {
        let topic = self.topic(number);
        let mut chance = Chance::new(2, number);
        let title = self.title(5, &topic, &mut chance);
        let mut body = self.running(WORDS_A_PASSAGE, &topic, &mut chance);
        for _ in 1..PASSAGES_AN_ARTICLE {
            let heading = self.title(3, &topic, &mut chance);
            let text = self.running(WORDS_A_PASSAGE, &topic, &mut chance);
            body.push_str(&format!("\n\n## {heading}\n\n{text}"));
        }
        let url = Some(format!("https://help.example/{number}"));
        Document { url, ..document(Pool::Article, article_id(number), title, body) }
    }

    /// A ticket is about an article that is there when it comes, an early one more
    /// often than a late one: some things are asked all the time.
    pub(crate) fn ticket(&self, number: u64, size: Size) -> Document {
        let mut chance = Chance::new(3, number);
        let there = (number * size.n_articles() / size.n_tickets.max(1)).max(1);
        let about = (chance.share().powi(2) * there as f64) as u64;
        let topic = self.topic(about);
        let title = self.title(5, &topic, &mut chance);
        let body = self.running(WORDS_ASKED, &topic, &mut chance);
        let answer = self.running(WORDS_ANSWERED, &topic, &mut chance);
        let mut linked_articles = vec![article_id(about)];
        if chance.below(2) == 0 {
            linked_articles.push(article_id(chance.below(there)));
        }
        // Two years of tickets.
        let age_s = 63_072_000 * number / size.n_tickets.max(1);
        let updated_at = Timestamp::from_second(1_700_000_000 + age_s as i64).ok();
        let answer = Some(answer);
        let ticket = document(Pool::PastTicket, format!("ticket-{number}"), title, body);
        Document { answer, updated_at, linked_articles, ..ticket }
    }

    /// A question of as many words that say something, and those between them.
    pub(crate) fn question(
        &self,
        number: u64,
        shortest: u64,
        longest: u64,
        size: Size,
    ) -> Question {
        let mut chance = Chance::new(4, number);
        let article = chance.below(size.n_articles().min(ARTICLES_ASKED_ABOUT));
        let topic = self.topic(article);
        let n_words = shortest + chance.below(longest - shortest + 1);
        let (mut asked, mut plain) = (String::new(), String::new());
        let mut n_telling = 0;
        while n_telling < n_words {
            let place = self.one(&topic, &mut chance);
            let mut word = String::new();
            self.push(place, &mut chance, &mut word);
            asked.push_str(&word);
            asked.push(' ');
            if self.says_something(place) {
                n_telling += 1;
                plain.push_str(&word);
                plain.push(' ');
            }
        }
        let language = Some("en".to_owned());
        let ticket = Ticket { question: asked, language, ..Ticket::default() };
        Question { ticket, plain, article }
    }

    /// The same question after a conversation that is about the same matter.
    pub(crate) fn after_conversation(&self, number: u64, question: &Question) -> Ticket {
        let topic = self.topic(question.article);
        let mut chance = Chance::new(5, number);
        let turns = (0..TURNS).map(|turn| Turn {
            message_id: format!("m{turn}"),
            author: if turn % 2 == 0 { AuthorKind::Customer } else { AuthorKind::Agent },
            text: self.running(WORDS_A_TURN, &topic, &mut chance),
        });
        Ticket { turns: turns.collect(), ..question.ticket.clone() }
    }
}

pub(crate) fn article_id(number: u64) -> String {
    format!("article-{number}")
}

/// The change that brings a document into the index.
pub(crate) fn added(sequence: u64, document: Document) -> Change {
    Change {
        sequence,
        brand: document.brand.clone(),
        pool: document.pool,
        document_id: document.id.clone(),
        document: Some(document),
    }
}

fn document(pool: Pool, id: String, title: String, body: String) -> Document {
    Document {
        id,
        pool,
        brand: BRAND.to_owned(),
        title,
        body,
        answer: None,
        summary: None,
        url: None,
        language: Some("en".to_owned()),
        audience: deskhand::knowledge::Audience::Public,
        updated_at: None,
        solved: true,
        linked_articles: Vec::new(),
        tags: Vec::new(),
        source: "bench".to_owned(),
    }
}
