//! What answers come from: help-center articles and past tickets, and the
//! passages cut from them. The two pools are kept apart everywhere.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which of the two pools a piece of knowledge belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    Article,
    PastTicket,
}

impl Pool {
    pub fn as_str(self) -> &'static str {
        match self {
            Pool::Article => "article",
            Pool::PastTicket => "past_ticket",
        }
    }
}

/// What each signal of a ranking counts for one brand, by the signal's name.
pub type Weights = HashMap<String, f32>;

/// Who may read a piece of knowledge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Anyone, a customer included.
    #[default]
    Public,
    /// The team only: may inform an agent, may never be quoted to a customer.
    Internal,
    /// Customers of one segment (plan, region, role), and the team.
    Segment(String),
}

impl Audience {
    /// `public`, `internal` or the segment's name, as files and the index spell it.
    pub fn parse(word: &str) -> Audience {
        match word.trim().to_ascii_lowercase().as_str() {
            "" | "public" | "everyone" | "all" => Audience::Public,
            "internal" | "agents" | "staff" | "private" | "team" => Audience::Internal,
            _ => Audience::Segment(word.trim().to_owned()),
        }
    }

    /// One audience for several that are told. Public if one of them is and none is
    /// internal; several
    /// segments are kept for the team, because a document has one audience.
    pub fn of_many(words: &[String]) -> Audience {
        let told: Vec<Audience> = words.iter().map(|it| Audience::parse(it)).collect();
        match told.as_slice() {
            [only] => only.clone(),
            [] => Audience::Internal,
            // Whoever names the team among others did not mean everybody.
            several if several.contains(&Audience::Internal) => Audience::Internal,
            several if several.contains(&Audience::Public) => Audience::Public,
            _ => Audience::Internal,
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Audience::Public => "public",
            Audience::Internal => "internal",
            Audience::Segment(name) => name,
        }
    }
}

/// Whose knowledge may be used for one ticket, and who will read the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub brand: String,
    /// Segments the customer belongs to, besides the public.
    pub segments: Vec<String>,
    /// True where only staff reads the result: internal passages may be found.
    pub staff: bool,
}

impl Scope {
    /// What any customer of this brand may read.
    pub fn public(brand: &str) -> Scope {
        Scope { brand: brand.to_owned(), segments: Vec::new(), staff: false }
    }
}

/// An article or a past ticket as the store keeps it: the unit of ingestion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Unique within brand and pool. Stable over re-ingestion.
    pub id: String,
    pub pool: Pool,
    pub brand: String,
    pub title: String,
    /// Markdown. For a past ticket: the customer's question only.
    pub body: String,
    /// For a past ticket: the answer people gave. `None` for articles.
    #[serde(default)]
    pub answer: Option<String>,
    /// One or two sentences, where the source has them.
    #[serde(default)]
    pub summary: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    /// ISO 639-1; `None` if not told.
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub audience: Audience,
    /// When an article was last changed, or a ticket was created.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// For past tickets: whether the customer or team called it solved.
    #[serde(default)]
    pub solved: bool,
    /// For past tickets: ids of the articles people linked in the answer.
    #[serde(default)]
    pub linked_articles: Vec<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    /// Where it was read from: a folder, a file, a connection.
    pub source: String,
}

/// A piece of a document, small enough to cite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// `{pool}:{brand}:{document id}#{ordinal}`; unique in an index.
    pub id: String,
    pub document_id: String,
    pub pool: Pool,
    pub brand: String,
    pub audience: Audience,
    /// The document's title.
    pub title: String,
    /// Headings above the passage, outermost first, without the title.
    pub headings: Vec<String>,
    /// Fragment of the nearest heading, without `#`; `None` above the first.
    pub anchor: Option<String>,
    /// The document's address without fragment.
    pub url: Option<String>,
    pub language: Option<String>,
    /// Place within the document, from 0: neighbours differ by one.
    pub ordinal: u32,
    /// Plain text; list items and steps on lines of their own, steps numbered.
    pub text: String,
    pub updated_at: Option<Timestamp>,
}

impl Passage {
    /// The passage as one that customers may read; `None` for a past ticket and for an
    /// internal page. Whether a customer is of a segment was for the search to see.
    pub fn public(&self) -> Option<PublicPassage<'_>> {
        let is_public = match self.audience {
            Audience::Public | Audience::Segment(_) => self.pool == Pool::Article,
            Audience::Internal => false,
        };
        is_public.then_some(PublicPassage(self))
    }

    /// The address a citation points to: the document's, with the anchor.
    pub fn link(&self) -> Option<String> {
        let url = self.url.as_ref()?;
        match &self.anchor {
            Some(anchor) if !url.contains('#') => Some(format!("{url}#{anchor}")),
            _ => Some(url.clone()),
        }
    }
}

/// A passage that customers may read: of an article, and not of one for the team only.
///
/// [`Passage::public`] is the only way to one, so that what takes these cannot be called
/// with anything else:
///
/// ```compile_fail,E0308
/// use deskhand::knowledge::{Passage, PublicPassage};
///
/// fn tell_customers(_: PublicPassage<'_>) {}
///
/// fn tell(any: &Passage) {
///     tell_customers(any);
/// }
/// ```
///
/// Nor can one be made from outside:
///
/// ```compile_fail,E0423
/// use deskhand::knowledge::{Passage, PublicPassage};
///
/// fn declare(any: &Passage) -> PublicPassage<'_> {
///     PublicPassage(any)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublicPassage<'a>(&'a Passage);

impl<'a> PublicPassage<'a> {
    pub fn passage(self) -> &'a Passage {
        self.0
    }
}

/// A passage that was found, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub passage: Passage,
    /// Fused score; comparable within one result only.
    pub score: f32,
    /// What the score is made of: (signal, value), e.g. `("bm25.title", 7.1)`.
    pub signals: Vec<(String, f32)>,
    /// Set if people have since said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
}

/// What a newer answer of a person says otherwise than a passage. For the team's
/// eyes: it quotes a past ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stale {
    /// The sentence of the passage.
    pub passage: String,
    /// The sentence of the answer.
    pub answer: String,
    /// Id of the past ticket.
    pub ticket: String,
    pub at: Option<Timestamp>,
}

impl Hit {
    /// The value of one signal; 0.0 if it did not speak for this hit.
    pub fn signal(&self, name: &str) -> f32 {
        self.signals.iter().find(|(signal, _)| signal == name).map_or(0.0, |(_, value)| *value)
    }
}

/// A hit whose passage customers may read. What composes replies takes these, so that it
/// cannot be called with anything else:
///
/// ```compile_fail,E0308
/// use deskhand::draft;
/// use deskhand::knowledge::Hit;
/// use deskhand::ticket::Ticket;
///
/// fn reply(ticket: &Ticket, found: &[Hit]) {
///     draft::extractive(ticket, found, &[]);
/// }
/// ```
///
/// with [`public_hits`] between them it can:
///
/// ```
/// use deskhand::draft;
/// use deskhand::knowledge::Hit;
/// use deskhand::knowledge::public_hits;
/// use deskhand::ticket::Ticket;
///
/// fn reply(ticket: &Ticket, found: &[Hit]) {
///     draft::extractive(ticket, &public_hits(found), &[]);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublicHit<'a>(&'a Hit);

impl<'a> PublicHit<'a> {
    pub fn hit(self) -> &'a Hit {
        self.0
    }
}

/// Those of these hits that customers may read, in their order.
pub fn public_hits(hits: &[Hit]) -> Vec<PublicHit<'_>> {
    hits.iter().filter(|it| it.passage.public().is_some()).map(PublicHit).collect()
}
