//! Where a page leads, and what it asks of programs that read it.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::BufferQueue;
use html5ever::tokenizer::TagKind;
use html5ever::tokenizer::Token;
use html5ever::tokenizer::TokenSink;
use html5ever::tokenizer::TokenSinkResult;
use html5ever::tokenizer::Tokenizer;
use html5ever::tokenizer::TokenizerOpts;

use super::raw_kind;
use super::writer::attribute;

/// More links than this are navigation, not reading. (Guessed.)
const MAX_LINKS: usize = 5_000;

/// What a page says to programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// As written, in order; none that asks not to be followed.
    pub links: Vec<String>,
    /// What relative links start from, where the page sets it.
    pub base: Option<String>,
    /// The page is not to be listed.
    pub noindex: bool,
    /// Its links are not to be followed.
    pub nofollow: bool,
}

impl Links {
    /// Takes in the words of a `robots` element, or of the header of that kind.
    pub fn obey(&mut self, words: &str) {
        for word in words.split([',', ' ']).map(|it| it.trim().to_ascii_lowercase()) {
            self.noindex |= matches!(word.as_str(), "noindex" | "none");
            self.nofollow |= matches!(word.as_str(), "nofollow" | "none");
        }
    }
}

/// Reads the links of a page.
pub fn links(html: &str) -> Links {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let sink = Sink(RefCell::new(Links::default()));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    drop(tokenizer.feed(&input));
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

struct Sink(RefCell<Links>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind != TagKind::StartTag {
            return TokenSinkResult::Continue;
        }
        let mut found = self.0.borrow_mut();
        let attribute = |name: &str| attribute(&tag, name);
        match &*tag.name {
            "a" | "area" if found.links.len() < MAX_LINKS => {
                let rel = attribute("rel").unwrap_or_default().to_ascii_lowercase();
                let followed = !rel.split_whitespace().any(|it| it == "nofollow");
                found.links.extend(attribute("href").filter(|_| followed).map(str::to_owned));
            }
            "base" if found.base.is_none() => {
                found.base = attribute("href").map(str::to_owned);
            }
            "meta" => {
                let name = attribute("name").unwrap_or_default().to_ascii_lowercase();
                if matches!(name.as_str(), "robots" | "deskhand") {
                    found.obey(attribute("content").unwrap_or_default());
                }
            }
            _ => {}
        }
        raw_kind(&tag).map_or(TokenSinkResult::Continue, TokenSinkResult::RawData)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_it_leads_and_what_it_asks() {
        let found = links(
            "<head><base href='/help/'><meta name=ROBOTS content='NoIndex, follow'></head>\
             <a href='a?x=1&amp;y=2'>A</a><a rel='external nofollow' href=b>B</a><a name=c>C</a>\
             <script>'<a href=d>'</script><!-- <a href=e> -->",
        );
        assert_eq!(found.links, ["a?x=1&y=2"]);
        assert_eq!(found.base.as_deref(), Some("/help/"));
        assert!(found.noindex && !found.nofollow);
    }
}
