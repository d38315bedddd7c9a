//! What a website says of itself: its robots.txt and its sitemaps.
#![no_main]

use deskhand::ingest::site::robots::Robots;
use deskhand::ingest::site::sitemap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(sitemap) = sitemap::parse(data) {
        let n_bytes: usize = sitemap.pages.iter().map(|it| it.url.len()).sum();
        assert!(!sitemap.pages.is_empty() || !sitemap.files.is_empty());
        // Packed ones may say more than they weigh.
        assert!(data.starts_with(&[0x1f, 0x8b]) || n_bytes <= data.len() * 3, "made of nothing");
    }
    let text = String::from_utf8_lossy(data);
    let robots = Robots::parse(&text);
    for path in text.lines().rev().take(4) {
        robots.allows(path);
    }
    for line in text.lines().take(4) {
        robots.allows(line.rsplit(' ').next().unwrap_or_default());
    }
});
