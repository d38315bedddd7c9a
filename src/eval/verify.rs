//! Whether verification tells replies that their evidence bears out from those it
//! does not, beside how many words and runs of three words they share.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;

use super::Figures;
use super::Interval;
use super::LabelledClaim;
use super::Report;
use super::Slices;
use super::metrics::auroc;
use super::metrics::auroc_interval;
use super::metrics::latency;
use super::metrics::share;
use crate::clock::Stopwatch;
use crate::draft::Citation;
use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::knowledge::Audience;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::text::language;
use crate::text::sentences::sentences;
use crate::verify;
use crate::verify::ClaimVerdict;
use crate::verify::Verdict;

/// Share of a reply's words that stand in the evidence, below which it counts as worded
/// freely. Others report the same slice.
const ABSTRACTIVE_BELOW: f64 = 0.8;

/// What verification saw in one reply.
#[derive(Debug, Serialize)]
pub struct Judged<'a> {
    pub supported: bool,
    pub edit: Option<&'a str>,
    pub source: Option<&'a str>,
    pub evidence: &'a str,
    pub response: &'a str,
    /// One for each of its sentences that states something.
    pub claims: Vec<ClaimVerdict>,
}

/// One reply: what each way of looking makes of it.
struct Row {
    supported: bool,
    slices: Vec<String>,
    /// The weakest sentence's support; 0.0 if the reply states nothing.
    ours: f64,
    words: f64,
    trigrams: f64,
    passes: bool,
}

/// Verifies every reply as a draft that cites its evidence. One passes if it may be
/// sent where the weakest sentence needs a support of `grounded_from`.
#[must_use]
pub fn measure(
    claims: &[LabelledClaim],
    data: &str,
    grounded_from: f32,
    mut told: impl FnMut(usize, &Judged),
) -> Report {
    let mut rows = Vec::with_capacity(claims.len());
    let mut took_ms = Vec::new();
    for (idx, claim) in claims.iter().enumerate() {
        let (draft, hit) = (draft(claim), hit(claim));
        let watch = Stopwatch::start();
        let verdict = verify::verify(&draft, std::slice::from_ref(&hit));
        took_ms.push(watch.elapsed_ms() / draft.sentences.len().max(1) as f64);
        rows.push(row(claim, &verdict, grounded_from));
        let judged = Judged {
            supported: claim.supported,
            edit: claim.edit.as_deref(),
            source: claim.source.as_deref(),
            evidence: &claim.evidence,
            response: &claim.response,
            claims: verdict.claims,
        };
        told(idx + 1, &judged);
    }
    let (metrics, ci95) = figures(&rows, |it| it.ours, true);
    let baseline = BTreeMap::from([
        ("words".to_owned(), figures(&rows, |it| it.words, false).0),
        ("trigrams".to_owned(), figures(&rows, |it| it.trigrams, false).0),
    ]);
    Report {
        step: "verify".to_owned(),
        data: data.to_owned(),
        n: rows.len(),
        metrics,
        baseline,
        ci95,
        latency_ms: latency(took_ms),
        versions: BTreeMap::from([
            ("deskhand".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("grounded_from".to_owned(), grounded_from.to_string()),
        ]),
    }
}

fn draft(claim: &LabelledClaim) -> Draft {
    let sentence = |text: &str| Sentence {
        text: text.to_owned(),
        cites: vec![0],
        kind: SentenceKind::Claim,
        layout: Layout::Running,
    };
    Draft {
        sentences: sentences(&claim.response).into_iter().map(sentence).collect(),
        citations: vec![Citation {
            passage_id: "evidence".to_owned(),
            title: String::new(),
            url: None,
        }],
        written_by: Writer::Extractive,
        asks_back: false,
        language: None,
    }
}

fn hit(claim: &LabelledClaim) -> Hit {
    let passage = Passage {
        id: "evidence".to_owned(),
        document_id: "evidence".to_owned(),
        pool: Pool::Article,
        brand: String::new(),
        audience: Audience::Public,
        title: String::new(),
        headings: Vec::new(),
        anchor: None,
        url: None,
        language: language::detect(&claim.evidence).map(str::to_owned),
        ordinal: 0,
        text: claim.evidence.clone(),
        updated_at: None,
    };
    Hit { passage, score: 1.0, signals: Vec::new(), stale: None }
}

fn row(claim: &LabelledClaim, verdict: &Verdict, grounded_from: f32) -> Row {
    let (said, given) = (words(&claim.response), words(&claim.evidence));
    let known: BTreeSet<&String> = given.iter().collect();
    let known_runs: BTreeSet<&[String]> = given.windows(3).collect();
    let found = said.iter().filter(|it| known.contains(it)).count();
    let found_runs = said.windows(3).filter(|it| known_runs.contains(it)).count();
    let shared = found as f64 / said.len().max(1) as f64;
    let n_runs = said.len().saturating_sub(2).max(1);
    let mut slices = vec!["all".to_owned()];
    slices.extend((shared < ABSTRACTIVE_BELOW).then(|| "abstractive".to_owned()));
    slices.extend(claim.edit.as_ref().map(|it| format!("edit:{it}")));
    slices.extend(claim.source.as_ref().map(|it| format!("source:{it}")));
    let grounding = verdict.grounding;
    Row {
        supported: claim.supported,
        slices,
        ours: if grounding.is_nan() { 0.0 } else { f64::from(grounding) },
        words: shared,
        trigrams: found_runs as f64 / n_runs as f64,
        passes: grounded_from <= grounding && verdict.claims.iter().all(ClaimVerdict::is_backed),
    }
}

/// Lower-case words, as anybody would count them.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    words.map(str::to_lowercase).collect()
}

/// AUROC of a score by slice, where it has both kinds of replies; and how many of
/// either kind pass, which is asked of ours alone.
fn figures(
    rows: &[Row],
    score: impl Fn(&Row) -> f64,
    with_passing: bool,
) -> (Slices, BTreeMap<String, BTreeMap<String, Interval>>) {
    let names: BTreeSet<&String> = rows.iter().flat_map(|it| &it.slices).collect();
    let (mut slices, mut ci95) = (Slices::new(), BTreeMap::new());
    for name in names {
        let (mut figures, mut intervals) = (Figures::new(), BTreeMap::new());
        let of = |supported: bool| -> Vec<&Row> {
            let of_slice = rows.iter().filter(|it| it.slices.contains(name));
            of_slice.filter(|it| it.supported == supported).collect()
        };
        let (yes, no) = (of(true), of(false));
        let scores = |rows: &[&Row]| rows.iter().map(|it| score(it)).collect::<Vec<f64>>();
        if !yes.is_empty() && !no.is_empty() {
            figures.insert("auroc".to_owned(), auroc(&scores(&yes), &scores(&no)));
            intervals.insert("auroc".to_owned(), auroc_interval(&scores(&yes), &scores(&no)));
        }
        for (kind, rows) in [("supported", yes), ("unsupported", no)] {
            let passing: Vec<(u32, u32)> =
                rows.iter().map(|it| (u32::from(it.passes), 1)).collect();
            if let Some((value, interval)) = share(&passing).filter(|_| with_passing) {
                figures.insert(kind.to_owned(), rows.len() as f64);
                figures.insert(format!("{kind} passing"), value);
                intervals.insert(format!("{kind} passing"), interval);
            }
        }
        slices.insert(name.clone(), figures);
        ci95.insert(name.clone(), intervals);
    }
    (slices, ci95)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(response: &str, supported: bool, edit: &str) -> LabelledClaim {
        LabelledClaim {
            evidence: "Refunds take 5 business days. Open the Orders page to begin.".to_owned(),
            response: response.to_owned(),
            supported,
            edit: Some(edit.to_owned()),
            source: None,
        }
    }

    #[test]
    fn the_weakest_sentence_counts_and_courtesies_do_not() {
        let claims = [
            claim("Happy to help! Refunds take 5 business days.", true, "none"),
            claim("Open the Orders page to begin. Refunds take 9 business days.", false, "number"),
        ];
        let mut seen = Vec::new();
        let report = measure(&claims, "here", 0.9, |done, it| seen.push((done, it.claims.len())));
        assert_eq!(seen, [(1, 1), (2, 2)]);
        let all = &report.metrics["all"];
        assert_eq!((report.n, all["auroc"]), (2, 1.0));
        assert_eq!((all["supported passing"], all["unsupported passing"]), (1.0, 0.0));
        let number = &report.metrics["edit:number"];
        assert_eq!(number["unsupported"], 1.0);
        assert!(!number.contains_key("auroc"), "there is nothing to tell it from");
        assert!(report.baseline["words"]["all"].contains_key("auroc"));
    }
}
