//! Cases as they come, and a property: leaving customers alone makes no figure better.

use proptest::prelude::*;

use super::*;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Hours and what happened then.
fn case(happened: &[(i64, Happening)], now_h: i64) -> Vec<Resolution> {
    let moment = |(hour, what): &(i64, Happening)| Moment { at_ms: hour * HOUR_MS, what: *what };
    let moments: Vec<Moment> = happened.iter().map(moment).collect();
    let cases = cases(&moments, Patience::default(), now_h * HOUR_MS);
    cases.into_iter().map(|it| it.resolution).collect()
}

use Happening::{
    Answered, Asked, Closed, Confirmed, HandedOver, JudgedWrong, PersonWrote, Suggested, Thanked,
};

#[test]
fn only_what_the_customer_confirmed_is_confirmed() {
    let answered = [(0, Asked), (0, Answered)];
    let with = |more: &[(i64, Happening)], now_h| case(&[&answered[..], more].concat(), now_h);
    assert_eq!(with(&[], 1), [Resolution::Open]);
    assert_eq!(with(&[], 24), [Resolution::Assumed]);
    assert_eq!(with(&[(1, Thanked)], 2), [Resolution::Open]);
    assert_eq!(with(&[(1, Thanked)], 30), [Resolution::Assumed]);
    assert_eq!(with(&[(1, Confirmed)], 2), [Resolution::Confirmed]);
    assert_eq!(with(&[(1, Closed)], 30), [Resolution::Assumed]);
}

#[test]
fn who_comes_back_takes_the_figure_back() {
    let back = [(0, Asked), (0, Answered), (1, Confirmed), (50, Asked), (50, Answered)];
    assert_eq!(case(&back, 60), [Resolution::Reopened]);
    assert_eq!(case(&[(0, Asked), (0, Answered), (30, Asked)], 31), [Resolution::Reopened]);
    assert_eq!(
        case(&[(0, Asked), (0, Answered), (1, Closed), (2, Asked)], 3),
        [Resolution::Reopened]
    );
    // At once it is one conversation, a week later another case.
    assert_eq!(
        case(&[(0, Asked), (0, Answered), (1, Asked), (1, Answered)], 30),
        [Resolution::Assumed]
    );
    assert_eq!(
        case(&[(0, Asked), (0, Answered), (1, Confirmed), (200, Asked)], 201),
        [Resolution::Confirmed, Resolution::Open]
    );
}

#[test]
fn a_person_who_steps_in_corrects_and_one_who_was_called_does_not() {
    assert_eq!(case(&[(0, Asked), (0, Answered), (1, PersonWrote)], 2), [Resolution::Corrected]);
    assert_eq!(case(&[(0, Asked), (0, Answered), (1, JudgedWrong)], 2), [Resolution::Corrected]);
    let called = [(0, Asked), (0, Answered), (1, Asked), (1, HandedOver), (2, PersonWrote)];
    assert_eq!(case(&called, 3), [Resolution::HandedOver]);
    assert_eq!(case(&[(0, Asked), (0, Suggested), (1, PersonWrote)], 3), [Resolution::Suggested]);
    assert_eq!(case(&[(0, Asked), (1, PersonWrote)], 3), [Resolution::HandedOver]);
}

#[test]
fn whom_nobody_answers_is_abandoned() {
    assert_eq!(case(&[(0, Asked)], 23), [Resolution::Open]);
    assert_eq!(case(&[(0, Asked)], 24), [Resolution::Abandoned]);
    assert_eq!(case(&[(0, Asked), (0, HandedOver)], 100), [Resolution::HandedOver]);
    assert_eq!(case(&[(0, Asked), (0, HandedOver)], 7 * 24), [Resolution::Abandoned]);
    assert_eq!(case(&[(0, Asked), (0, Answered), (1, Asked)], 30), [Resolution::Abandoned]);
    assert!(case(&[(0, Thanked), (1, PersonWrote)], 2).is_empty());
}

fn happenings() -> impl Strategy<Value = Vec<(i64, Happening)>> {
    let all = [
        Asked,
        Confirmed,
        Thanked,
        Answered,
        Suggested,
        HandedOver,
        PersonWrote,
        JudgedWrong,
        Closed,
    ];
    let one = (0_i64..60, prop::sample::select(all.to_vec()));
    prop::collection::vec(one, 0..14).prop_map(|steps| {
        let mut hour = 0;
        let place = |(pause, what)| {
            hour += pause;
            (hour, what)
        };
        steps.into_iter().map(place).collect()
    })
}

proptest! {
    #[test]
    fn every_question_belongs_to_one_case_and_time_alone_confirms_nothing(
        happened in happenings(), more_h in 0_i64..1000
    ) {
        let n_confirmed = |now_h| {
            let confirmed = |it: &&Resolution| **it == Resolution::Confirmed;
            case(&happened, now_h).iter().filter(confirmed).count()
        };
        let end_h = happened.last().map_or(0, |it| it.0);
        prop_assert!(n_confirmed(end_h + more_h) <= n_confirmed(end_h));
        let cases = case(&happened, end_h);
        let asked = happened.iter().filter(|it| it.1 == Asked).count();
        prop_assert!(cases.len() <= asked && (asked == 0) == cases.is_empty());
        // Far on, nothing is open.
        prop_assert!(!case(&happened, end_h + 1000).contains(&Resolution::Open));
    }

    #[test]
    fn without_a_confirmation_nothing_is_confirmed(happened in happenings()) {
        let mut silenced = happened;
        silenced.retain(|it| it.1 != Confirmed);
        prop_assert!(!case(&silenced, 5000).contains(&Resolution::Confirmed));
    }
}
