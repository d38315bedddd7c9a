//! How much of what identifies people is masked, and how much is masked that
//! identifies nobody, beside the patterns a team would use by hand.

use std::collections::BTreeMap;

use super::Figures;
use super::Interval;
use super::Report;
use super::Sentence;
use super::Slices;
use super::metrics::latency;
use super::metrics::share;
use super::patterns;
use crate::clock::Stopwatch;
use crate::text::mask::Kind;
use crate::text::mask::mask;

/// Identifiers that have a form; together they are the slice `all`. Names, streets,
/// places, dates and organizations have none, and are left to their own slices.
pub const STRUCTURED: [&str; 7] =
    ["CREDIT_CARD", "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "PHONE_NUMBER", "SECRET", "US_SSN"];

/// A masked piece: its kind as the labels name it, and bytes `start..end`.
type Piece = (&'static str, usize, usize);

/// By slice, each sentence's (found, labelled) and (right, masked).
type Tally = BTreeMap<String, (Vec<(u32, u32)>, Vec<(u32, u32)>)>;

/// Masks every sentence.
///
/// A label is found if each letter and digit of it is masked, as whatever. What is
/// masked is right if it overlaps a label of any type: it may have another name, but
/// it was somebody's.
#[must_use]
pub fn measure(sentences: &[Sentence], data: &str) -> Report {
    let (mut ours, mut theirs) = (Tally::new(), Tally::new());
    let mut took_ms = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let watch = Stopwatch::start();
        let masked = mask(&sentence.text);
        took_ms.push(watch.elapsed_ms());
        let pieces: Vec<Piece> =
            masked.spans.iter().map(|it| (name_of(it.kind), it.start, it.end)).collect();
        count(sentence, &pieces, &mut ours);
        count(sentence, &patterns::find(&sentence.text), &mut theirs);
    }
    let (metrics, ci95) = figures(&ours);
    Report {
        step: "mask".to_owned(),
        data: data.to_owned(),
        n: sentences.len(),
        metrics,
        baseline: BTreeMap::from([("patterns".to_owned(), figures(&theirs).0)]),
        ci95,
        latency_ms: latency(took_ms),
        versions: BTreeMap::from([("deskhand".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
    }
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::PrivateKey | Kind::Credentials | Kind::Token => "SECRET",
        Kind::Email => "EMAIL_ADDRESS",
        Kind::Iban => "IBAN_CODE",
        Kind::IpAddress => "IP_ADDRESS",
        Kind::Card => "CREDIT_CARD",
        Kind::SocialSecurity => "US_SSN",
        Kind::Phone => "PHONE_NUMBER",
        Kind::Labelled => "NUMBER",
    }
}

fn count(sentence: &Sentence, pieces: &[Piece], tally: &mut Tally) {
    let mut counts: BTreeMap<String, [u32; 4]> = BTreeMap::new();
    let mut add = |slice: &str, counted: usize, holds: bool| {
        let counts = counts.entry(slice.to_owned()).or_default();
        counts[counted] += u32::from(holds);
        counts[counted + 1] += 1;
    };
    for label in &sentence.labels {
        let value = sentence.text.get(label.start..label.end).unwrap_or_default();
        let identifying = value.char_indices().filter(|(_, it)| it.is_alphanumeric());
        let is_masked =
            |at: usize| pieces.iter().any(|(_, start, end)| (*start..*end).contains(&at));
        let is_found = identifying.into_iter().all(|(at, _)| is_masked(label.start + at));
        add(&format!("type:{}", label.kind), 0, is_found);
        if STRUCTURED.contains(&label.kind.as_str()) {
            add("all", 0, is_found);
        }
    }
    for (name, start, end) in pieces {
        let is_right = sentence.labels.iter().any(|it| it.start < *end && *start < it.end);
        add(&format!("type:{name}"), 2, is_right);
        add("all", 2, is_right);
    }
    for (slice, [found, labelled, right, masked]) in counts {
        let rows = tally.entry(slice).or_default();
        rows.0.push((found, labelled));
        rows.1.push((right, masked));
    }
}

fn figures(tally: &Tally) -> (Slices, BTreeMap<String, BTreeMap<String, Interval>>) {
    let (mut slices, mut ci95) = (Slices::new(), BTreeMap::new());
    for (slice, (found, right)) in tally {
        let (mut figures, mut intervals) = (Figures::new(), BTreeMap::new());
        for (name, how_many, rows) in
            [("recall", "labelled", found), ("precision", "masked", right)]
        {
            let n = rows.iter().map(|it| f64::from(it.1)).sum();
            figures.insert(how_many.to_owned(), n);
            if let Some((value, interval)) = share(rows) {
                figures.insert(name.to_owned(), value);
                intervals.insert(name.to_owned(), interval);
            }
        }
        slices.insert(slice.clone(), figures);
        ci95.insert(slice.clone(), intervals);
    }
    (slices, ci95)
}

#[cfg(test)]
mod tests {
    use super::super::Label;
    use super::*;

    fn sentence(text: &str, labels: &[(&str, &str)]) -> Sentence {
        let label = |(kind, value): &(&str, &str)| {
            let start = text.find(value).unwrap();
            Label { kind: (*kind).to_owned(), start, end: start + value.len() }
        };
        Sentence { text: text.to_owned(), labels: labels.iter().map(label).collect() }
    }

    #[test]
    fn what_is_left_readable_in_part_is_not_found() {
        let sentences = [
            sentence("write to jane@mail.example", &[("EMAIL_ADDRESS", "jane@mail.example")]),
            sentence(
                "card 4111 1111 1111 1111 of Jane",
                &[("CREDIT_CARD", "4111 1111 1111 1111 of")],
            ),
        ];
        let report = measure(&sentences, "here");
        assert_eq!(report.metrics["type:EMAIL_ADDRESS"]["recall"], 1.0);
        assert_eq!(report.metrics["type:CREDIT_CARD"]["recall"], 0.0);
        assert_eq!(report.metrics["type:CREDIT_CARD"]["precision"], 1.0);
        assert_eq!((report.n, report.metrics["all"]["recall"]), (2, 0.5));
    }

    #[test]
    fn what_nobody_labelled_is_a_false_alarm_and_another_name_is_none() {
        let sentences = [
            sentence("call +49 30 1234 5678", &[("CUSTOMER_ID", "1234 5678")]),
            sentence("from 203.0.113.7", &[]),
        ];
        let all = &measure(&sentences, "here").metrics["all"];
        assert_eq!((all["precision"], all["masked"], all["labelled"]), (0.5, 2.0, 0.0));
        assert!(!all.contains_key("recall"), "nothing with a form was labelled");
    }
}
