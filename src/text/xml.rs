//! XML as a stream of pieces, names without their prefix. What a document
//! defines or fetches by itself (entities, DTDs) is left out, so no bomb and no
//! file of ours can come in that way.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

/// A start tag.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Without prefix: `p` for `w:p`.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute, named without its prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'x> {
    Open(&'x Element),
    /// The name, without prefix.
    Close(&'x str),
    /// Never empty; one text may come in several pieces.
    Text(&'x str),
}

/// Text that is no XML, and about where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no well-formed XML near byte {position}")]
pub struct XmlError {
    pub position: u64,
}

/// Hands out the pieces in order. An element without content is opened and closed.
///
/// # Errors
/// At the first place that is not well-formed; what came before was handed out.
pub fn read(xml: &str, mut take: impl FnMut(Piece<'_>)) -> Result<(), XmlError> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    loop {
        let position = reader.buffer_position();
        match reader.read_event().map_err(|_| XmlError { position })? {
            Event::Start(tag) => take(Piece::Open(&element(&tag))),
            Event::Empty(tag) => {
                let element = element(&tag);
                take(Piece::Open(&element));
                take(Piece::Close(&element.name));
            }
            Event::End(tag) => take(Piece::Close(tag.local_name().as_ref())),
            Event::Text(text) if !text.is_empty() => take(Piece::Text(&text)),
            Event::CData(text) if !text.is_empty() => take(Piece::Text(&text)),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(letter)) => take(Piece::Text(letter.encode_utf8(&mut [0; 4]))),
                Ok(None) => {
                    if let Some(text) = resolve_predefined_entity(&name) {
                        take(Piece::Text(text));
                    }
                }
                Err(_) => return Err(XmlError { position }),
            },
            Event::Text(_) | Event::CData(_) => {}
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => return Ok(()),
        }
    }
}

fn element(tag: &BytesStart<'_>) -> Element {
    let mut attributes = Vec::new();
    for it in tag.attributes().with_checks(false).flatten() {
        let value = it.normalized_value(XmlVersion::Implicit1_0).unwrap_or_default();
        attributes.push((it.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Element { name: tag.local_name().as_ref().to_owned(), attributes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(xml: &str) -> Result<String, XmlError> {
        let mut shown = String::new();
        read(xml, |piece| match piece {
            Piece::Open(it) => {
                shown.push_str(&format!("<{} {}>", it.name, it.attribute("v").unwrap_or("-")));
            }
            Piece::Close(name) => shown.push_str(&format!("</{name}>")),
            Piece::Text(text) => shown.push_str(text),
        })?;
        Ok(shown)
    }

    #[test]
    fn names_come_without_prefix_and_text_without_escapes() {
        let xml = "\u{feff}<?xml version=\"1.0\"?><w:a w:v=\"1 &amp; 2\">x &lt; &#x79;<!-- no --><![CDATA[<z>]]><b/></w:a>";
        assert_eq!(shown(xml).unwrap(), "<a 1 & 2>x < y<z><b -></b></a>");
    }

    #[test]
    fn what_a_document_defines_by_itself_is_left_out() {
        let bomb = "<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y SYSTEM \"file:///etc/passwd\">]><a>1&x;&y;2</a>";
        assert_eq!(shown(bomb).unwrap(), "<a ->12</a>");
    }

    #[test]
    fn broken_xml_is_an_error() {
        assert!(shown("<a><b></a>").is_err());
        assert_eq!(shown("").unwrap(), "");
    }
}
