//! Promises on samples small enough to see through, and on made-up teams whose true
//! share of wrong replies is known.

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use super::*;

const RISK: f64 = 0.05;

fn judged(confidence: f32, wrong: bool) -> Judged {
    Judged { confidence, wrong }
}

/// `n` tickets, the surest first, of which those at `wrong` are wrong.
fn ladder(n: usize, wrong: &[usize]) -> Vec<Judged> {
    (0..n).map(|it| judged(1.0 - it as f32 / n as f32, wrong.contains(&it))).collect()
}

#[test]
fn the_line_is_drawn_below_the_last_wrong_one_that_is_allowed() {
    // 473 tickets allow one wrong at 1 %.
    let sample = ladder(473, &[10, 50]);
    let line = of_tickets(&sample, 0.01, RISK);
    assert_eq!(line.send_from, Some(sample[49].confidence));
    assert_eq!((line.n, line.n_sent, line.n_wrong, line.n_missing), (473, 50, 1, Some(0)));
    assert!(line.bound <= 0.01);
    // One fewer allows none.
    let sample = ladder(472, &[10, 50]);
    let line = of_tickets(&sample, 0.01, RISK);
    assert_eq!((line.send_from, line.n_wrong), (Some(sample[9].confidence), 0));
}

#[test]
fn too_few_labels_say_how_many_are_missing() {
    let line = of_tickets(&ladder(200, &[]), 0.01, RISK);
    assert_eq!((line.send_from, line.n_missing), (None, Some(99)));
    // Enough, but the surest of all is wrong: one more wrong one must be affordable.
    let line = of_tickets(&ladder(300, &[0]), 0.01, RISK);
    assert_eq!((line.send_from, line.n_missing), (None, Some(173)));
    assert_eq!(of_tickets(&[], 0.01, RISK).n_missing, Some(299));
    let few = of_replies(&ladder(70, &[]), 0.05, RISK);
    assert!(few.send_from.is_none() && few.n_missing.is_some_and(|it| 0 < it), "{few:?}");
    assert_eq!(of_replies(&[], 0.05, RISK).n_missing, Some(59));
    // Every second one is wrong, wherever the line: no number of labels helps.
    let wrong: Vec<usize> = (0..400).step_by(2).collect();
    assert_eq!(of_replies(&ladder(400, &wrong), 0.05, RISK).n_missing, None);
}

#[test]
fn what_is_never_answered_counts_as_a_ticket_and_not_as_a_reply() {
    let mut sample = ladder(150, &[]);
    sample.extend((0..149).map(|_| judged(f32::NAN, true)));
    let line = of_tickets(&sample, 0.01, RISK);
    assert_eq!((line.n, line.n_sent), (299, 150));
    assert_eq!(line.send_from, sample.get(149).map(|it| it.confidence));
    let never: Vec<Judged> = (0..500).map(|_| judged(f32::NAN, false)).collect();
    assert_eq!(of_tickets(&never, 0.01, RISK).send_from, None);
    assert_eq!(of_replies(&never, 0.01, RISK).send_from, None);
}

#[test]
fn equally_sure_tickets_stand_on_one_side_of_the_line() {
    let mut sample: Vec<Judged> = (0..200).map(|_| judged(0.9, false)).collect();
    sample.extend((0..200).map(|it| judged(0.5, it < 20)));
    let line = of_tickets(&sample, 0.02, RISK);
    assert_eq!((line.send_from, line.n_sent), (Some(0.9), 200));
}

#[test]
fn a_promise_about_replies_is_tested_on_labels_that_did_not_choose_it() {
    let sample = ladder(400, &[380, 390, 395]);
    let line = of_replies(&sample, 0.05, RISK);
    assert_eq!(line.n, 300);
    assert!(line.send_from.is_some_and(|it| it < 0.2), "{line:?}");
    assert!(line.bound <= 0.05 && 59 <= line.n_sent, "{line:?}");
}

#[test]
fn a_kind_of_tickets_has_a_line_of_its_own_where_enough_were_judged() {
    let promise = Promise { of: Of::Tickets, limit: 0.03, risk: RISK };
    let of = |stratum: &str, n: usize, wrong: &[usize]| -> Vec<(String, Judged)> {
        ladder(n, wrong).into_iter().map(|it| (stratum.to_owned(), it)).collect()
    };
    let mut sample = of("setup", 400, &[]);
    sample.extend(of("billing", 400, &[0, 1, 2, 3, 4, 5, 6, 7, 8]));
    sample.extend(of("other", 5, &[]));
    sample.extend(of("spare", 400, &[]));
    let groups = certify(promise, &sample);
    let names: Vec<Option<&str>> = groups.iter().map(|it| it.name.as_deref()).collect();
    assert_eq!(names, [Some("billing"), Some("setup"), None]);
    assert!(groups[0].line.n_sent < 9, "what is wrong there is not hidden by the rest");
    assert_eq!(groups[1].line.n_sent, 400);
    assert_eq!(groups[2].line.n, 405, "what is too small for itself is judged with the others");
    // Too few for a part of the risk each: one line for all, at the whole risk.
    let sample = [of("setup", 110, &[]), of("billing", 20, &[])].concat();
    let all: Vec<Judged> = sample.iter().map(|(_, it)| *it).collect();
    let groups = certify(promise, &sample);
    assert_eq!(groups, [Group { name: None, line: of_tickets(&all, 0.03, RISK) }]);
    assert!(certify(promise, &[])[0].line.n_missing == Some(99));
    let groups = certify(promise, &of("setup", 2000, &[]));
    assert_eq!((groups.len(), groups[0].name.as_deref()), (1, None));
}

/// Every sample there is of 60 tickets of a made-up team, weighed by how likely it is: no
/// luck is involved in saying how often the promise breaks.
#[test]
fn a_promise_about_tickets_breaks_no_oftener_than_it_says() {
    // Of each hundred tickets: surest and wrong, less sure and wrong, all others.
    for (sure_and_wrong, less_sure_and_wrong) in [(0.051, 0.2), (0.02, 0.04), (0.06, 0.06)] {
        let (n, limit) = (60_u64, 0.05);
        let mut broken = 0.0;
        for surest in 0..=n {
            let chance = exactly(surest, n, sure_and_wrong);
            for less in 0..=(n - surest) {
                let given = less_sure_and_wrong / (1.0 - sure_and_wrong);
                let chance = chance * exactly(less, n - surest, given);
                let others = n - surest - less;
                let tickets = [(0.9, true, surest), (0.5, true, less), (0.9, false, others)];
                let sample: Vec<Judged> = tickets
                    .iter()
                    .flat_map(|(it, wrong, n)| (0..*n).map(|_| judged(*it, *wrong)))
                    .collect();
                let truth = match of_tickets(&sample, limit, RISK).send_from {
                    None => 0.0,
                    Some(line) if 0.5 < line => sure_and_wrong,
                    Some(_) => sure_and_wrong + less_sure_and_wrong,
                };
                broken += if limit < truth { chance } else { 0.0 };
            }
        }
        assert!(broken <= RISK, "{broken} with {sure_and_wrong} and {less_sure_and_wrong}");
    }
}

#[test]
fn a_certificate_holds_for_what_it_was_made_with_and_nothing_else() {
    let line = of_tickets(&ladder(299, &[]), 0.01, RISK);
    let none = Line { send_from: None, ..line };
    let group = |name: Option<&str>, line: Line| Group { name: name.map(str::to_owned), line };
    let basis: Basis =
        [("model", "a"), ("prompt", "b")].map(|(name, it)| (name.to_owned(), it.to_owned())).into();
    let certificate = Certificate {
        id: "one".to_owned(),
        connection: "acme".to_owned(),
        made_ms: 0,
        promise: Promise { of: Of::Tickets, limit: 0.01, risk: RISK },
        groups: vec![group(Some("setup"), none), group(None, line)],
        basis: basis.clone(),
        from_ms: 0,
        to_ms: 0,
        share: 1.0,
        brand: "acme".to_owned(),
        knowledge: 0,
        n_articles: 0,
    };
    assert_eq!(certificate.send_from(&basis, "billing").ok(), line.send_from);
    assert_eq!(certificate.send_from(&basis, "setup"), Err(Lapse::NoLine));
    for (name, value) in [("model", "c"), ("model", ""), ("embedder", "new")] {
        let mut other = basis.clone();
        other.insert(name.to_owned(), value.to_owned());
        let refused = certificate.send_from(&other, "billing");
        assert_eq!(refused, Err(Lapse::Changed(name.to_owned())));
    }
    assert_eq!(
        certificate.send_from(&Basis::new(), "billing"),
        Err(Lapse::Changed("model and prompt".to_owned()))
    );
    assert!(certificate.allows_any());
    let own_only = Certificate { groups: vec![group(Some("setup"), line)], ..certificate };
    assert_eq!(own_only.send_from(&basis, "never seen"), Err(Lapse::NoLine));
}

fn exactly(k: u64, n: u64, p: f64) -> f64 {
    at_most(k, n, p) - if k == 0 { 0.0 } else { at_most(k - 1, n, p) }
}

/// A team whose replies are wrong the oftener the less sure they are, and not at all as
/// often as the confidence says.
fn drawn(random: &mut SmallRng) -> Judged {
    let confidence: f32 = random.random_range(0.0..1.0);
    judged(confidence, random.random_bool(f64::from(1.0 - confidence).powi(2) * 0.6))
}

/// Of the replies above a line, the share that is wrong: the mean of 0.6 (1-c)².
fn truly_wrong(line: f32) -> f64 {
    0.2 * f64::from(1.0 - line).powi(2)
}

#[test]
fn a_promise_about_replies_breaks_no_oftener_than_it_says() {
    let mut random = SmallRng::seed_from_u64(7);
    let (n_runs, limit) = (800, 0.05);
    let (mut n_broken, mut n_lines) = (0, 0);
    for _ in 0..n_runs {
        let sample: Vec<Judged> = (0..1000).map(|_| drawn(&mut random)).collect();
        let Some(line) = of_replies(&sample, limit, RISK).send_from else { continue };
        n_lines += 1;
        n_broken += u32::from(limit < truly_wrong(line));
    }
    // 5 % and two standard errors.
    assert!(f64::from(n_broken) <= f64::from(n_runs) * 0.065, "{n_broken} of {n_runs}");
    assert!(n_runs / 2 < n_lines, "a promise that is never made never breaks: {n_lines}");
}

proptest! {
    #[test]
    fn a_line_never_rises_when_more_is_allowed_and_never_passes_too_many(
        seed in 0_u64..1000, n in 100_usize..800, limit in 0.01..0.1_f64,
    ) {
        let mut random = SmallRng::seed_from_u64(seed);
        let sample: Vec<Judged> = (0..n).map(|_| drawn(&mut random)).collect();
        let line = of_tickets(&sample, limit, RISK);
        let looser = of_tickets(&sample, limit * 1.5, RISK);
        let height = |it: Line| it.send_from.unwrap_or(f32::INFINITY);
        prop_assert!(height(looser) <= height(line));
        let n_allowed = allowed_wrong(n as u64, limit, RISK);
        prop_assert!(line.send_from.is_none() || n_allowed.is_some_and(|it| line.n_wrong <= it));
        prop_assert!(line.send_from.is_none() || line.bound <= limit + 1e-9);
        // The order of the sample does not matter, a reply that turns out wrong never lowers it.
        let mut turned = sample.clone();
        turned.reverse();
        prop_assert_eq!(of_tickets(&turned, limit, RISK), line);
        turned[seed as usize % n].wrong = true;
        prop_assert!(height(line) <= height(of_tickets(&turned, limit, RISK)));
        // A hundred more tickets nobody would answer never raise it.
        turned = sample.clone();
        turned.extend((0..100).map(|_| judged(f32::NAN, true)));
        prop_assert!(height(of_tickets(&turned, limit, RISK)) <= height(line));
    }

    #[test]
    fn any_sample_has_an_answer(
        sample in prop::collection::vec((prop::option::of(0.0..1.0_f32), any::<bool>(), 0_u8..4), 0..400),
        limit in 0.005..0.3_f64,
        replies in any::<bool>(),
    ) {
        let of = if replies { Of::Replies } else { Of::Tickets };
        let promise = Promise { of, limit, risk: RISK };
        let sample: Vec<(String, Judged)> = sample
            .into_iter()
            .map(|(it, wrong, stratum)| (stratum.to_string(), judged(it.unwrap_or(f32::NAN), wrong)))
            .collect();
        let groups = certify(promise, &sample);
        for group in &groups {
            let line = group.line;
            prop_assert!(line.n_wrong <= line.n_sent && line.n_sent <= line.n);
            prop_assert_eq!(line.send_from.is_some(), line.n_missing == Some(0));
            prop_assert!(line.send_from.is_none() || line.bound <= limit + 1e-9);
        }
    }
}
