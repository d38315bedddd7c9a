//! Where a help center says the same in several languages, what is in the customer's own
//! comes first: an article in another shares its words by translation, and may be ahead
//! by a hair.

use crate::knowledge::Hit;
use crate::text::language::may_be_same;

/// How near the best of the customer's language must come to the best of all, as a share
/// of its score, to be taken for an answer to the same. (Guessed: articles about something
/// else stay below.)
const AS_GOOD: f32 = 0.8;

/// Puts passages in another language behind those in the customer's own, where one of
/// these fits about as well. Best first before and after.
pub(super) fn own_first(hits: &mut [Hit], language: Option<&str>) {
    let Some(language) = language else { return };
    // Whoever does not tell apart what is in which language is left alone.
    let is_own = |it: &Hit| may_be_same(Some(language), it.passage.language.as_deref());
    let best = |of: &dyn Fn(&Hit) -> bool| {
        hits.iter().filter(|it| of(it)).map(|it| it.score).reduce(f32::max)
    };
    let (Some(own), Some(other)) = (best(&is_own), best(&|it| !is_own(it))) else { return };
    if own < AS_GOOD * other {
        return;
    }
    // As far behind as it takes for the best of them to be no better than the best own.
    let share = (AS_GOOD * own / other).min(1.0);
    for hit in hits.iter_mut().filter(|it| !is_own(it)) {
        hit.score *= share;
    }
    hits.sort_by(|one, another| another.score.total_cmp(&one.score));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::cut;
    use crate::knowledge::Document;

    fn hit(language: &str, score: f32) -> Hit {
        let document = serde_json::json!({
            "id": language, "pool": "article", "brand": "acme", "title": "Refunds",
            "body": "Text.", "source": "test", "language": language,
        });
        let document: Document = serde_json::from_value(document).unwrap();
        let passage = cut(&document).into_iter().next().unwrap();
        Hit { passage, score, signals: Vec::new(), stale: None }
    }

    fn order(hits: &[(&str, f32)], asked: Option<&str>) -> Vec<String> {
        let mut hits: Vec<Hit> = hits.iter().map(|(code, score)| hit(code, *score)).collect();
        own_first(&mut hits, asked);
        hits.into_iter().map(|it| it.passage.document_id).collect()
    }

    #[test]
    fn of_two_that_fit_the_one_in_the_customers_language_is_first() {
        assert_eq!(order(&[("en", 6.0), ("de", 5.5)], Some("de")), ["de", "en"]);
        assert_eq!(order(&[("en", 6.0), ("de", 5.5)], Some("en")), ["en", "de"]);
    }

    #[test]
    fn one_that_does_not_fit_stays_where_it_is() {
        assert_eq!(order(&[("en", 6.0), ("de", 2.0)], Some("de")), ["en", "de"]);
        assert_eq!(order(&[("en", 6.0), ("de", 5.5)], Some("fr")), ["en", "de"]);
        assert_eq!(order(&[("en", 6.0), ("de", 5.5)], None), ["en", "de"]);
    }
}
