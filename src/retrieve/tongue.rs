//! Where a help center says the same in several languages, what is in the customer's own
//! comes first. An article in another language shares its words by translation, and its
//! meaning is known where that of the customer's language may not be: it may be ahead for
//! nothing.

use crate::knowledge::Hit;
use crate::text::language::may_be_same;

/// How much of the question the customer's own language must speak of, as a share of what
/// the others do, to be taken for an answer to the same. (Guessed: articles about something
/// else speak of less.)
const AS_MUCH: f32 = 0.8;

/// How the best of the others stands beside the best own then.
const BEHIND: f32 = 0.8;

/// Puts passages in another language behind those in the customer's own, where one of
/// these speaks of about as much of the question. Best first before and after.
pub(super) fn own_first(hits: &mut [Hit], language: Option<&str>) {
    let Some(language) = language else { return };
    // Whoever does not tell what is in which language is left alone.
    let is_own = |it: &Hit| may_be_same(Some(language), it.passage.language.as_deref());
    let best_of = |own: bool, of: fn(&Hit) -> f32| {
        hits.iter().filter(|it| is_own(it) == own).map(of).reduce(f32::max)
    };
    let (Some(own), Some(other)) = (best_of(true, coverage), best_of(false, coverage)) else {
        return;
    };
    if own < AS_MUCH * other {
        return;
    }
    let (Some(own), Some(other)) = (best_of(true, |it| it.score), best_of(false, |it| it.score))
    else {
        return;
    };
    let share = if 0.0 < other { (BEHIND * own / other).min(1.0) } else { 1.0 };
    for hit in hits.iter_mut().filter(|it| !is_own(it)) {
        hit.score *= share;
    }
    hits.sort_by(|one, another| another.score.total_cmp(&one.score));
}

/// Share of the question a passage speaks of.
fn coverage(hit: &Hit) -> f32 {
    hit.signals.iter().find(|(name, _)| name == "coverage").map_or(0.0, |(_, share)| *share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::cut;
    use crate::knowledge::Document;

    fn hit((language, score, coverage): (&str, f32, f32)) -> Hit {
        let document = serde_json::json!({
            "id": language, "pool": "article", "brand": "acme", "title": "Refunds",
            "body": "Text.", "source": "test", "language": language,
        });
        let document: Document = serde_json::from_value(document).unwrap();
        let passage = cut(&document).into_iter().next().unwrap();
        let signals = vec![("coverage".to_owned(), coverage)];
        Hit { passage, score, signals, stale: None }
    }

    fn order(hits: &[(&str, f32, f32)], asked: Option<&str>) -> Vec<String> {
        let mut hits: Vec<Hit> = hits.iter().map(|it| hit(*it)).collect();
        own_first(&mut hits, asked);
        hits.into_iter().map(|it| it.passage.document_id).collect()
    }

    #[test]
    fn of_two_that_say_the_same_the_one_in_the_customers_language_is_first() {
        let both = [("en", 6.1, 0.6), ("de", 3.9, 0.7)];
        assert_eq!(order(&both, Some("de")), ["de", "en"]);
        assert_eq!(order(&both, Some("en")), ["en", "de"]);
    }

    #[test]
    fn one_about_something_else_stays_where_it_is() {
        let both = [("en", 6.0, 0.6), ("de", 5.5, 0.2)];
        for asked in [Some("de"), Some("fr"), None] {
            assert_eq!(order(&both, asked), ["en", "de"], "{asked:?}");
        }
    }
}
