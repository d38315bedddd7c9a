//! What a site asks of programs that read it: robots.txt (RFC 9309), with the
//! pause between requests that many sites set besides.

use std::time::Duration;

/// A longer pause would be a refusal. (Guessed.)
const MAX_DELAY: Duration = Duration::from_secs(60);

/// Bytes of the file that count; the standard asks for this many at least.
pub(super) const MAX_BYTES: usize = 512 * 1024;

/// The rules for us.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    /// (allowed, path pattern)
    rules: Vec<(bool, String)>,
    pub delay: Option<Duration>,
    pub sitemaps: Vec<String>,
}

impl Robots {
    /// Reads the file: the groups that name us, else those for everyone. Lines it
    /// does not understand are left alone.
    pub fn parse(text: &str) -> Robots {
        let mut ours = Robots::default();
        let mut everyones = Robots::default();
        let mut names_us = false;
        let (mut to_us, mut to_everyone, mut in_rules) = (false, false, false);
        let mut sitemaps = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if in_rules {
                        (to_us, to_everyone, in_rules) = (false, false, false);
                    }
                    let agent = value.split('/').next().unwrap_or_default();
                    to_us |= agent.eq_ignore_ascii_case("deskhand");
                    to_everyone |= agent == "*";
                    names_us |= to_us;
                }
                "sitemap" => sitemaps.push(value.to_owned()),
                key @ ("allow" | "disallow" | "crawl-delay") => {
                    in_rules = true;
                    for (rules, applies) in [(&mut ours, to_us), (&mut everyones, to_everyone)] {
                        if applies {
                            rules.add(key, value);
                        }
                    }
                }
                _ => {}
            }
        }
        let chosen = if names_us { ours } else { everyones };
        Robots { sitemaps, ..chosen }
    }

    fn add(&mut self, key: &str, value: &str) {
        match key {
            "crawl-delay" => {
                let seconds = value.parse::<f64>().ok().filter(|it| it.is_finite() && 0.0 < *it);
                let delay = seconds.map(|it| it.min(MAX_DELAY.as_secs_f64()));
                self.delay = delay.map(Duration::from_secs_f64).or(self.delay);
            }
            // An empty rule forbids nothing.
            _ if value.is_empty() => {}
            key => self.rules.push((key == "allow", value.to_owned())),
        }
    }

    /// True if a path, with its query, may be read: the longest rule that fits
    /// counts, and of two as long the one that allows.
    pub fn allows(&self, path: &str) -> bool {
        let fitting = self.rules.iter().filter(|(_, pattern)| fits(pattern, path));
        let longest = fitting.max_by_key(|(allowed, pattern)| (pattern.len(), *allowed));
        longest.is_none_or(|(allowed, _)| *allowed)
    }
}

/// True if a path begins as the pattern says: `*` stands for anything, `$` at
/// the end for the path's end. Takes time in proportion to both lengths at most.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, anchored) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (idx, part) in parts.iter().enumerate() {
        if anchored && idx + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    !anchored || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_that_fits_counts() {
        let robots = Robots::parse(
            "User-agent: *\nDisallow: /admin\nAllow: /admin/help$\nDisallow: /*.pdf$\nDisallow:\n\
             Crawl-delay: 1.5\nSitemap: https://x.example/s.xml\n",
        );
        for (path, allowed) in [
            ("/", true),
            ("/admin/x", false),
            ("/admin/help", true),
            ("/admin/helpers", false),
            ("/a/b.pdf", false),
            ("/a/b.pdf?x", true),
        ] {
            assert_eq!(robots.allows(path), allowed, "{path}");
        }
        assert_eq!(robots.delay, Some(Duration::from_millis(1500)));
        assert_eq!(robots.sitemaps, ["https://x.example/s.xml"]);
    }

    #[test]
    fn a_group_that_names_us_takes_the_place_of_the_one_for_everyone() {
        let robots = Robots::parse(
            "User-agent: other\nUser-agent: Deskhand\nDisallow: /private\n\nUser-agent: *\nDisallow: /\n",
        );
        assert!(robots.allows("/help") && !robots.allows("/private/x"));
        let robots = Robots::parse("User-agent: other\nDisallow: /\n");
        assert!(robots.rules.is_empty() && robots.allows("/"));
    }

    #[test]
    fn a_pattern_of_stars_costs_nothing() {
        let pattern = "/".to_owned() + &"*a".repeat(2_000) + "b$";
        assert!(!fits(&pattern, &("/".to_owned() + &"a".repeat(20_000))));
    }
}
