//! The layout of the index. Every word is stored behind the brand and the
//! audience it was written for, so that a query cannot even name the words of
//! passages its reader may not see, and filtering costs nothing.

use tantivy::TantivyDocument;
use tantivy::Term;
use tantivy::schema::FAST;
use tantivy::schema::Field;
use tantivy::schema::IndexRecordOption;
use tantivy::schema::STORED;
use tantivy::schema::STRING;
use tantivy::schema::Schema;
use tantivy::schema::TextFieldIndexing;
use tantivy::schema::TextOptions;
use tantivy::tokenizer::PreTokenizedString;
use tantivy::tokenizer::Token;

use super::DocumentKey;
use super::passages::key_of;
use super::query::first_bytes;
use super::words::code_of;
use super::words::stems;
use crate::embed::Known;
use crate::embed::Meaning;
use crate::knowledge::Audience;
use crate::knowledge::Document;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// Changes whenever passages are cut, stemmed or laid out differently: an index
/// of another format is rebuilt from the store.
pub(super) const FORMAT: u32 = 5;

/// Names of the columns.
pub(super) const DOCUMENT_KEY: &str = "document_key";
pub(super) const LINKS: &str = "links";
pub(super) const CREATED: &str = "created";
pub(super) const MEANING: &str = "meaning";
pub(super) const PARTITION: &str = "partition";

const SECONDS_A_DAY: i64 = 86_400;

/// Between the parts of a term. Removed from what they are made of.
pub(super) const BETWEEN: char = '\u{1f}';

/// Title, headings, body.
pub(super) const N_PLACES: usize = 3;

/// The three places a word can stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) title: Field,
    pub(super) headings: Field,
    pub(super) body: Field,
}

impl Places {
    pub(super) fn all(self) -> [Field; N_PLACES] {
        [self.title, self.headings, self.body]
    }
}

#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) schema: Schema,
    /// Key of the document, for deletion.
    document: Field,
    /// Which pool, brand and audience a passage belongs to, for counting.
    pub(super) scope: Field,
    /// The passage itself, as JSON. Text: bytes are read one by one.
    pub(super) stored: Field,
    /// Keys of the document (looked up as well) and of the articles its ticket linked, in columns:
    /// two hundred voters are counted without reading one of them.
    document_key: Field,
    links: Field,
    /// Day of a past ticket, on its first passage only: one entry a ticket.
    created: Field,
    /// What the passage means, in a column: whole numbers of eight parts each.
    meaning: Field,
    /// Which pool, brand and audience it is of, in a column.
    partition: Field,
    articles: Places,
    past_tickets: Places,
}

impl Layout {
    pub(super) fn new() -> Layout {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs);
        let words = TextOptions::default().set_indexing_options(indexing);
        let mut places = |pool: &str| Places {
            title: schema.add_text_field(&format!("{pool}.title"), words.clone()),
            headings: schema.add_text_field(&format!("{pool}.headings"), words.clone()),
            body: schema.add_text_field(&format!("{pool}.body"), words.clone()),
        };
        let (articles, past_tickets) = (places("article"), places("past_ticket"));
        let document = schema.add_text_field("document", STRING);
        let scope = schema.add_text_field("scope", STRING);
        let stored = schema.add_text_field("passage", STORED);
        let document_key = schema.add_u64_field(DOCUMENT_KEY, FAST);
        let links = schema.add_u64_field(LINKS, FAST);
        let created = schema.add_i64_field(CREATED, FAST);
        let meaning = schema.add_u64_field(MEANING, FAST);
        let partition = schema.add_u64_field(PARTITION, FAST);
        Layout {
            schema: schema.build(),
            document,
            scope,
            stored,
            document_key,
            links,
            created,
            meaning,
            partition,
            articles,
            past_tickets,
        }
    }

    pub(super) fn places(&self, pool: Pool) -> Places {
        match pool {
            Pool::Article => self.articles,
            Pool::PastTicket => self.past_tickets,
        }
    }

    /// Names all passages of a document.
    pub(super) fn document_term(&self, pool: Pool, brand: &str, document_id: &str) -> Term {
        Term::from_field_text(self.document, &key_of(pool, brand, document_id))
    }

    pub(super) fn pool_term(&self, pool: Pool) -> Term {
        Term::from_field_text(self.scope, pool.as_str())
    }

    pub(super) fn brand_term(&self, pool: Pool, brand: &str) -> Term {
        Term::from_field_text(self.scope, &brand_key(pool, brand))
    }

    pub(super) fn language_term(&self, pool: Pool, brand: &str, code: &str) -> Term {
        Term::from_field_text(self.scope, &language_key(pool, brand, code))
    }

    pub(super) fn audience_term(&self, pool: Pool, partition: &str) -> Term {
        Term::from_field_text(self.scope, &audience_key(pool, partition))
    }

    /// A passage as the index keeps it. `stored` is what is read of it later.
    pub(super) fn entry(
        &self,
        document: &Document,
        passage: &Passage,
        stored: &str,
        known: &Known,
    ) -> TantivyDocument {
        let places = self.places(document.pool);
        let partition = partition(&document.brand, &document.audience);
        let mut entry = TantivyDocument::new();
        let key = key_of(document.pool, &document.brand, &document.id);
        entry.add_text(self.document, key);
        entry.add_text(self.scope, document.pool.as_str());
        entry.add_text(self.scope, brand_key(document.pool, &document.brand));
        entry.add_text(self.scope, audience_key(document.pool, &partition));
        entry.add_u64(self.partition, partition_key(document.pool, &partition));
        let language = document.language.as_deref();
        let code = code_of(language);
        entry.add_text(self.scope, language_key(document.pool, &document.brand, code));
        entry.add_text(self.stored, stored);
        let DocumentKey(key) = DocumentKey::new(document.pool, &document.brand, &document.id);
        entry.add_u64(self.document_key, key);
        for id in &document.linked_articles {
            let DocumentKey(link) = DocumentKey::new(Pool::Article, &document.brand, id);
            entry.add_u64(self.links, link);
        }
        if document.pool == Pool::PastTicket && passage.ordinal == 0 {
            let second = document.updated_at.map_or(0, |it| it.as_second());
            entry.add_i64(self.created, second / SECONDS_A_DAY);
        }
        let meaning = known.of(&document.title, &passage.text);
        for word in meaning.iter().flat_map(Meaning::words) {
            entry.add_u64(self.meaning, word);
        }
        let mut headings = passage.headings.join("\n");
        headings.push('\n');
        headings.push_str(document.summary.as_deref().unwrap_or_default());
        for (field, text) in [
            (places.title, document.title.as_str()),
            (places.headings, headings.as_str()),
            (places.body, passage.text.as_str()),
        ] {
            let tokens = stems(text, language).into_iter().enumerate().map(|(position, stem)| {
                Token { position, text: format!("{partition}{stem}"), ..Token::default() }
            });
            let words = PreTokenizedString { text: String::new(), tokens: tokens.collect() };
            entry.add_pre_tokenized_text(field, words);
        }
        entry
    }
}

/// What the words of one brand and audience start with.
fn partition(brand: &str, audience: &Audience) -> String {
    let brand = brand.replace(BETWEEN, "");
    // The letter keeps a segment that somebody named "internal" apart.
    match audience {
        Audience::Public => format!("{brand}{BETWEEN}p{BETWEEN}"),
        Audience::Internal => format!("{brand}{BETWEEN}i{BETWEEN}"),
        Audience::Segment(name) => {
            format!("{brand}{BETWEEN}s{}{BETWEEN}", name.replace(BETWEEN, ""))
        }
    }
}

/// The partitions a reader may see.
pub(super) fn partitions(scope: &Scope) -> Vec<String> {
    let mut partitions = vec![partition(&scope.brand, &Audience::Public)];
    for segment in scope.segments.iter().take(16) {
        partitions.push(partition(&scope.brand, &Audience::Segment(segment.clone())));
    }
    if scope.staff {
        partitions.push(partition(&scope.brand, &Audience::Internal));
    }
    partitions.sort();
    partitions.dedup();
    partitions
}

/// Names a partition of a pool in a column.
pub(super) fn partition_key(pool: Pool, partition: &str) -> u64 {
    first_bytes(&audience_key(pool, partition))
}

fn brand_key(pool: Pool, brand: &str) -> String {
    format!("{}{BETWEEN}{}", pool.as_str(), brand.replace(BETWEEN, ""))
}

fn language_key(pool: Pool, brand: &str, code: &str) -> String {
    format!("{}{BETWEEN}{code}", brand_key(pool, brand))
}

fn audience_key(pool: Pool, partition: &str) -> String {
    format!("{}{BETWEEN}{BETWEEN}{partition}", pool.as_str())
}
