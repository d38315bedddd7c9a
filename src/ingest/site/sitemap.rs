//! Lists of a site's pages (sitemaps.org): the addresses in one file, or the
//! files an index names, packed or not.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

use crate::text::markdown::parse_date;
use crate::text::xml;
use crate::text::xml::Piece;

/// What the format allows of one file, unpacked.
pub(super) const MAX_BYTES: u64 = 50 * 1024 * 1024;

/// What the format allows of one file, and what is read of it.
const MAX_ENTRIES: usize = 50_000;

/// What one file says.
#[derive(Debug, Default, PartialEq)]
pub struct Sitemap {
    pub pages: Vec<Listed>,
    /// Further files.
    pub files: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub url: String,
    pub updated_at: Option<Timestamp>,
}

/// Reads a file. What follows damage is left out; `None` if nothing could be read.
pub fn parse(bytes: &[u8]) -> Option<Sitemap> {
    let text = unpacked(bytes)?;
    if !text.trim_start().starts_with('<') {
        // A list of addresses, one a line.
        let lines = text.lines().map(str::trim).filter(|it| it.starts_with("http"));
        let pages = lines.map(|it| Listed { url: it.to_owned(), updated_at: None });
        let pages: Vec<Listed> = pages.take(MAX_ENTRIES).collect();
        return (!pages.is_empty()).then_some(Sitemap { pages, files: Vec::new() });
    }
    let mut sitemap = Sitemap::default();
    // Images and translations have addresses of their own, deeper down.
    let (mut path, mut url, mut updated) = (Vec::new(), String::new(), String::new());
    // What came before damage is as good as ever.
    drop(xml::read(&text, |piece| match piece {
        Piece::Open(element) => path.push(element.name.clone()),
        Piece::Text(text) => match path.as_slice() {
            [_, _, place] if place == "loc" => url.push_str(text),
            [_, _, place] if place == "lastmod" => updated.push_str(text),
            _ => {}
        },
        Piece::Close(name) => {
            path.pop();
            // Inside an entry, what was found is still being read.
            if path.len() != 1 {
                return;
            }
            let (found, changed) = (std::mem::take(&mut url), std::mem::take(&mut updated));
            let found = found.trim().to_owned();
            if found.is_empty() {
                return;
            }
            match name {
                "url" if sitemap.pages.len() < MAX_ENTRIES => {
                    sitemap.pages.push(Listed { url: found, updated_at: parse_date(&changed) });
                }
                "sitemap" if sitemap.files.len() < MAX_ENTRIES => sitemap.files.push(found),
                _ => {}
            }
        }
    }));
    (sitemap != Sitemap::default()).then_some(sitemap)
}

fn unpacked(bytes: &[u8]) -> Option<String> {
    let mut unpacked = Vec::new();
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        let decoder = MultiGzDecoder::new(bytes);
        decoder.take(MAX_BYTES).read_to_end(&mut unpacked).ok()?;
        unpacked.as_slice()
    } else {
        bytes
    };
    Some(String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_further_files_are_told_apart() {
        let pages = "<?xml version='1.0'?><urlset xmlns='x' xmlns:image='y'><url>\n<loc>\nhttps://x.example/a?b=1&amp;c=2 </loc>\
            <image:image><image:loc>https://x.example/i.png</image:loc></image:image>\
            <lastmod>2024-05-01</lastmod></url><url><loc>https://x.example/b</loc></url></urlset>";
        let read = parse(pages.as_bytes()).unwrap();
        let urls: Vec<_> = read.pages.iter().map(|it| it.url.as_str()).collect();
        assert_eq!(urls, ["https://x.example/a?b=1&c=2", "https://x.example/b"]);
        let updated: Vec<_> = read.pages.iter().map(|it| it.updated_at).collect();
        assert_eq!(updated, [parse_date("2024-05-01"), None]);
        let index =
            "<sitemapindex><sitemap><loc>https://x.example/1.xml.gz</loc></sitemap></sitemapindex>";
        assert_eq!(parse(index.as_bytes()).unwrap().files, ["https://x.example/1.xml.gz"]);
        assert_eq!(parse(b"https://x.example/a\nhttps://x.example/b\n").unwrap().pages.len(), 2);
    }

    #[test]
    fn packed_files_are_unpacked_and_rubbish_is_none() {
        use std::io::Write as _;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"<urlset><url><loc>https://x.example/a</loc></url></urlset>").unwrap();
        assert_eq!(parse(&packed.finish().unwrap()).unwrap().pages.len(), 1);
        assert_eq!(parse(b"\x1f\x8brubbish"), None);
        assert_eq!(parse(b"<html><p>Not found"), None);
    }
}
