//! One sound draft that each test bends in one place.

use proptest::prelude::*;

use crate::decide::Decision;
use crate::decide::Hold;
use crate::decide::Reason;
use crate::decide::Signals;
use crate::decide::Silence;
use crate::decide::Thresholds;
use crate::decide::because;
use crate::decide::decide;
use crate::handover::Leave;

/// A reason, and what has to change for it to be gone.
type Mend = (Reason, fn(&mut Signals));

const SOUND: Signals = Signals {
    silence: None,
    leave: Leave::Reply,
    policies: Vec::new(),
    asked_for_person: false,
    sensitive_topic: false,
    injection: false,
    injected_passage: false,
    person_involved: false,
    reply_limit_reached: false,
    said_before: false,
    tried_before: false,
    doubts: Vec::new(),
    empty_question: false,
    language_unsupported: false,
    n_passages: 3,
    fallback: false,
    contradicted: false,
    guarded: false,
    stale: false,
    disputed: false,
    unbacked: false,
    asks_back: false,
    grounding: 0.95,
    confidence: 0.9,
};
const AUTOPILOT: Thresholds =
    Thresholds { suggest_from: 0.3, send_from: Some(0.85), grounded_from: 0.9 };
const COPILOT: Thresholds = Thresholds { send_from: None, ..AUTOPILOT };

#[test]
fn a_sound_draft_is_sent() {
    assert_eq!(decide(&SOUND, AUTOPILOT), Decision::Send);
}

#[test]
fn without_autopilot_it_is_only_suggested() {
    assert_eq!(decide(&SOUND, COPILOT), Decision::Suggest);
}

#[test]
fn thresholds_are_met_by_their_own_values() {
    let sent = Signals { confidence: 0.85, grounding: 0.9, ..SOUND };
    assert_eq!(decide(&sent, AUTOPILOT), Decision::Send);
    let suggested = Signals { confidence: 0.3, ..SOUND };
    assert_eq!(decide(&suggested, AUTOPILOT), Decision::Suggest);
    let neither = Signals { confidence: 0.29, ..SOUND };
    assert_eq!(decide(&neither, AUTOPILOT), Decision::Escalate(Reason::LowConfidence));
}

#[test]
fn a_weakly_grounded_draft_is_never_sent_however_sure() {
    let weak = Signals { confidence: 1.0, grounding: 0.89, ..SOUND };
    assert_eq!(decide(&weak, AUTOPILOT), Decision::Suggest);
}

#[test]
fn what_is_unscored_goes_to_a_person() {
    let no_grounding = Signals { grounding: f32::NAN, ..SOUND };
    assert_eq!(decide(&no_grounding, AUTOPILOT), Decision::Escalate(Reason::WeakGrounding));
    let no_confidence = Signals { confidence: f32::NAN, ..SOUND };
    assert_eq!(decide(&no_confidence, AUTOPILOT), Decision::Escalate(Reason::LowConfidence));
}

#[test]
fn whatever_a_person_should_look_at_first_leaves_a_suggestion() {
    let fallback = Signals { fallback: true, ..SOUND };
    let injection = Signals { injection: true, ..SOUND };
    let passage = Signals { injected_passage: true, ..SOUND };
    let person = Signals { person_involved: true, ..SOUND };
    let stale = Signals { stale: true, ..SOUND };
    let disputed = Signals { disputed: true, ..SOUND };
    let unbacked = Signals { unbacked: true, ..SOUND };
    let question = Signals { asks_back: true, ..SOUND };
    let tried = Signals { tried_before: true, ..SOUND };
    let foreign = Signals { language_unsupported: true, ..SOUND };
    for signals in
        [fallback, injection, passage, person, stale, disputed, unbacked, question, tried, foreign]
    {
        assert_eq!(decide(&signals, AUTOPILOT), Decision::Suggest);
    }
}

#[test]
fn what_is_found_in_another_language_and_is_not_sure_is_handed_over_for_the_language() {
    let foreign = Signals { language_unsupported: true, confidence: 0.1, ..SOUND };
    assert_eq!(decide(&foreign, AUTOPILOT), Decision::Escalate(Reason::Language));
}

#[test]
fn what_people_have_is_never_answered_and_handed_over_once() {
    let asked = Signals { asked_for_person: true, ..SOUND };
    let weak = Signals { grounding: f32::NAN, ..SOUND };
    let unsure = Signals { confidence: 0.1, ..SOUND };
    for leave in [Leave::Note, Leave::Suggest] {
        let sound = Signals { leave, ..SOUND };
        assert_eq!(decide(&sound, AUTOPILOT), Decision::Suggest, "{leave:?}");
    }
    for signals in [asked, weak, unsure] {
        let untold = Signals { leave: Leave::Note, ..signals.clone() };
        assert!(matches!(decide(&untold, AUTOPILOT), Decision::Escalate(_)), "{untold:?}");
        let told = Signals { leave: Leave::Suggest, ..signals };
        assert_eq!(decide(&told, AUTOPILOT), Decision::StandDown(Silence::WithPeople));
    }
    let closed = Signals { leave: Leave::Nothing, asked_for_person: true, ..SOUND };
    assert_eq!(decide(&closed, AUTOPILOT), Decision::StandDown(Silence::Closed));
}

#[test]
fn a_policy_leaves_a_suggestion_whichever_it_is() {
    for policy in [Hold::Stage, Hold::Topic, Hold::Tag, Hold::Vip, Hold::Hours, Hold::Canary] {
        let signals = Signals { policies: vec![policy], ..SOUND };
        assert_eq!(decide(&signals, AUTOPILOT), Decision::Suggest, "{policy:?}");
        assert_eq!(because(&signals, AUTOPILOT).holds, [policy]);
    }
}

#[test]
fn a_doubt_leaves_a_suggestion_whichever_it_is() {
    for doubt in [
        Hold::Cut,
        Hold::OtherThing,
        Hold::OtherAction,
        Hold::Trouble,
        Hold::Incomplete,
        Hold::NeedsPeople,
    ] {
        let signals = Signals { doubts: vec![doubt], ..SOUND };
        assert_eq!(decide(&signals, AUTOPILOT), Decision::Suggest, "{doubt:?}");
        assert_eq!(because(&signals, AUTOPILOT).holds, [doubt]);
    }
}

#[test]
fn everything_that_holds_is_kept_in_one_order() {
    let signals = Signals {
        sensitive_topic: true,
        n_passages: 0,
        policies: vec![Hold::Topic, Hold::Canary],
        person_involved: true,
        stale: true,
        confidence: f32::NAN,
        ..SOUND
    };
    let all = because(&signals, AUTOPILOT);
    assert_eq!(all.reasons, [Reason::SensitiveTopic, Reason::NothingFound]);
    let holds = [Hold::PersonInvolved, Hold::Topic, Hold::Canary, Hold::Stale, Hold::NotSure];
    assert_eq!(all.holds, holds);
    assert!(holds.is_sorted(), "the order of the list is the order of the type");
    assert_eq!(because(&SOUND, COPILOT).holds, [Hold::OnlySuggests]);
}

#[test]
fn silence_comes_before_everything() {
    let signals = Signals { silence: Some(Silence::AutoReply), asked_for_person: true, ..SOUND };
    assert_eq!(decide(&signals, AUTOPILOT), Decision::StandDown(Silence::AutoReply));
}

#[test]
fn the_agent_is_shown_the_first_reason_in_the_list() {
    let mut signals = Signals {
        asked_for_person: true,
        sensitive_topic: true,
        reply_limit_reached: true,
        said_before: true,
        empty_question: true,
        n_passages: 0,
        contradicted: true,
        guarded: true,
        ..SOUND
    };
    let mends: [Mend; 8] = [
        (Reason::AskedForPerson, |it| it.asked_for_person = false),
        (Reason::SensitiveTopic, |it| it.sensitive_topic = false),
        (Reason::ReplyLimit, |it| it.reply_limit_reached = false),
        (Reason::SaidBefore, |it| it.said_before = false),
        (Reason::EmptyQuestion, |it| it.empty_question = false),
        (Reason::NothingFound, |it| it.n_passages = 1),
        (Reason::Contradicted, |it| it.contradicted = false),
        (Reason::Guarded, |it| it.guarded = false),
    ];
    for (reason, mend) in mends {
        assert_eq!(decide(&signals, AUTOPILOT), Decision::Escalate(reason));
        mend(&mut signals);
    }
    assert_eq!(decide(&signals, AUTOPILOT), Decision::Send);
}

proptest! {
    #[test]
    fn nothing_is_sent_unless_every_condition_holds(
        flags in prop::array::uniform17(any::<bool>()),
        with_people in any::<bool>(),
        policy in prop::option::of(Just(Hold::Vip)),
        doubt in prop::option::of(Just(Hold::Trouble)),
        n_passages in 0_usize..3,
        grounding in prop::option::of(0.0_f32..1.0),
        confidence in prop::option::of(0.0_f32..1.0),
    ) {
        let [asked, sensitive, injection, person, limit, empty, language, fallback, contradicted, ..] =
            flags;
        let [.., injected_passage, guarded, stale, disputed, unbacked, asks_back, _, _] = flags;
        let [.., said_before, tried_before] = flags;
        let signals = Signals {
            silence: None,
            leave: if with_people { Leave::Note } else { Leave::Reply },
            policies: policy.into_iter().collect(),
            asked_for_person: asked,
            sensitive_topic: sensitive,
            injection,
            injected_passage,
            person_involved: person,
            reply_limit_reached: limit,
            said_before,
            tried_before,
            doubts: doubt.into_iter().collect(),
            empty_question: empty,
            language_unsupported: language,
            n_passages,
            fallback,
            contradicted,
            guarded,
            stale,
            disputed,
            unbacked,
            asks_back,
            grounding: grounding.unwrap_or(f32::NAN),
            confidence: confidence.unwrap_or(f32::NAN),
        };
        let decision = decide(&signals, AUTOPILOT);
        let sound = flags.iter().all(|it| !it)
            && !with_people
            && policy.is_none()
            && doubt.is_none()
            && n_passages != 0
            && grounding.is_some_and(|it| 0.9 <= it)
            && confidence.is_some_and(|it| 0.85 <= it);
        prop_assert_eq!(decision == Decision::Send, sound);
        prop_assert_eq!(because(&signals, AUTOPILOT).is_empty(), sound);
        // What was stored decides as what was seen.
        let stored = serde_json::to_string(&signals).unwrap();
        let stored: Signals = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(decide(&stored, AUTOPILOT), decision);
        prop_assert_eq!(because(&stored, AUTOPILOT), because(&signals, AUTOPILOT));
        prop_assert_ne!(decide(&signals, COPILOT), Decision::Send);
    }
}
