//! Several models, and models that are away for long: who is asked, how often, and
//! that no ticket waits longer for it than it may.

use std::time::Duration;

use deskhand::clock::Clock;
use deskhand::draft::Writer;
use deskhand::draft::generative::GenerateError;
use deskhand::draft::generative::Generative;
use deskhand::llm::Budget;
use deskhand::llm::ModelError;
use deskhand::llm::ModelSettings;
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::json;

use crate::generative::MAX_TOKENS;
use crate::generative::QUESTION;
use crate::generative::answer;
use crate::generative::draft_of;
use crate::generative::generative_of;
use crate::generative::good_answer;
use crate::generative::hits;
use crate::generative::settings;
use crate::support::model::Say;
use crate::support::model::ScriptedModel;

/// Tickets of an hour, one every six seconds: what the guarantee is stated for.
const N_TICKETS: u64 = 600;
const BETWEEN_TICKETS: Duration = Duration::from_secs(6);

fn budget(time: Duration) -> Budget {
    Budget { time, max_tokens: MAX_TOKENS }
}

fn named(model: &ScriptedModel, name: &str) -> ModelSettings {
    ModelSettings { name: name.to_owned(), ..settings(model, 4) }
}

/// A first model that says these things and a second one that answers well.
struct Pair {
    first: ScriptedModel,
    second: ScriptedModel,
    generative: Generative,
}

async fn pair(says: Vec<Say>, time: Duration) -> Pair {
    let first = ScriptedModel::start(MAX_TOKENS, says).await;
    let second = ScriptedModel::start(MAX_TOKENS, vec![good_answer()]).await;
    let models = vec![named(&first, "first"), named(&second, "second")];
    let generative = generative_of(models, budget(time), Clock::System);
    Pair { first, second, generative }
}

#[tokio::test]
async fn where_the_first_model_fails_the_next_one_words_the_reply() {
    let prose = || Say::Text("I would rather talk.".to_owned());
    let unfounded = || answer("Plans are free.", &json!([9]));
    for (says, n_asked) in [
        (vec![Say::Status(503, "maintenance"), Say::Status(503, "maintenance")], 2),
        (vec![Say::Status(401, "who are you")], 1),
        (vec![Say::Status(404, "no such model")], 1),
        (vec![prose(), prose()], 2),
        (vec![unfounded(), unfounded()], 2),
        (vec![Say::CutMidway("{}".to_owned()), Say::CutMidway("{}".to_owned())], 2),
        (vec![Say::Hang], 1),
        // Where nobody stands behind, a pause of some seconds is waited for; here not.
        (vec![Say::Busy(3)], 1),
    ] {
        let told = format!("{says:?}");
        let Pair { first, second, generative } = pair(says, Duration::from_secs(2)).await;
        let draft = draft_of(&generative, QUESTION, &hits()).await.unwrap();
        assert_eq!(draft.written_by, Writer::Model("second".to_owned()), "{told}");
        assert_eq!(first.requests().len(), n_asked, "{told}");
        assert_eq!(second.requests().len(), 1, "{told}");
    }
}

#[tokio::test]
async fn all_models_together_have_the_time_of_one_ticket() {
    let time = Duration::from_millis(600);
    let hangs = || ScriptedModel::improvise(MAX_TOKENS, |_| Some(Say::Hang));
    let (first, second, third) = (hangs().await, hangs().await, hangs().await);
    let models = vec![named(&first, "a"), named(&second, "b"), named(&third, "c")];
    let generative = generative_of(models, budget(time), Clock::System);
    let watch = deskhand::clock::Stopwatch::start();
    let err = draft_of(&generative, QUESTION, &hits()).await.unwrap_err();
    let took = watch.elapsed();
    for name in ["(a: ", "; b: ", "; c: "] {
        let told = format!("{name}the model gave no answer in 0.");
        assert!(err.to_string().contains(&told), "{err}");
    }
    let n_requests = [&first, &second, &third].map(|it| it.requests().len());
    assert_eq!(n_requests, [1, 1, 1]);
    // One after the other with all of the time each would take three times as long.
    assert!(took < 2 * time, "took {took:?}");
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_too_long_for_all() {
    let Pair { first, second, .. } = pair(Vec::new(), Duration::from_secs(2)).await;
    let models = vec![named(&first, "first"), named(&second, "second")];
    let tight = Budget { time: Duration::from_secs(2), max_tokens: 1000 };
    let generative = generative_of(models, tight, Clock::System);
    let err = draft_of(&generative, QUESTION, &hits()).await.unwrap_err();
    assert_eq!(err, GenerateError::NoRoom);
    assert_eq!((first.requests().len(), second.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_model_that_is_down_for_an_hour_is_hardly_asked_and_back_within_ten_seconds() {
    let model = ScriptedModel::start(MAX_TOKENS, Vec::new()).await;
    let clock = Clock::manual(Timestamp::from_second(1_750_000_000).unwrap());
    let models = vec![named(&model, "scripted")];
    let generative = generative_of(models, budget(Duration::from_secs(20)), clock.clone());
    let hits = hits();
    let mut asked_at = Vec::new();
    for ticket in 0..N_TICKETS {
        let n_before = model.requests().len();
        draft_of(&generative, QUESTION, &hits).await.unwrap_err();
        let n_requests = model.requests().len() - n_before;
        asked_at.extend(std::iter::repeat_n(ticket * BETWEEN_TICKETS.as_secs(), n_requests));
        clock.advance(BETWEEN_TICKETS);
    }
    let early: Vec<u64> = asked_at.iter().copied().filter(|it| *it < 20).collect();
    assert_eq!(early, [0, 0, 6, 6, 12, 12], "left alone from the third failure on");
    let probes: Vec<u64> = asked_at.into_iter().filter(|it| 20 <= *it).collect();
    assert!(100 < probes.len(), "it is tried now and again: {probes:?}");
    assert!(probes.windows(2).all(|it| 10 <= it[1] - it[0]), "{probes:?}");

    model.recover(good_answer());
    clock.advance(Duration::from_secs(10));
    draft_of(&generative, QUESTION, &hits).await.unwrap();
    draft_of(&generative, QUESTION, &hits).await.unwrap();
}

#[tokio::test]
async fn what_a_customer_writes_keeps_no_model_from_others() {
    let nonsense = Say::Text("As you ordered: no JSON.".to_owned());
    let filtered = Say::Status(400, "the prompt was filtered");
    for say in [nonsense, filtered, answer("Plans are free.", &json!([9]))] {
        let model = ScriptedModel::improvise(MAX_TOKENS, move |_| Some(say.clone())).await;
        let models = vec![named(&model, "scripted")];
        let generative = generative_of(models, budget(Duration::from_secs(20)), Clock::System);
        for _ in 0..5 {
            draft_of(&generative, QUESTION, &hits()).await.unwrap_err();
        }
        model.recover(good_answer());
        draft_of(&generative, QUESTION, &hits()).await.unwrap();
    }
}

#[tokio::test]
async fn while_a_model_is_left_alone_the_next_one_has_all_the_time() {
    let first = ScriptedModel::start(MAX_TOKENS, Vec::new()).await;
    let say = Say::Slowly(Duration::from_millis(1800), Box::new(good_answer()));
    let second = ScriptedModel::improvise(MAX_TOKENS, move |_| Some(say.clone())).await;
    let models = vec![named(&first, "first"), named(&second, "second")];
    let clock = Clock::manual(Timestamp::from_second(1_750_000_000).unwrap());
    let generative = generative_of(models, budget(Duration::from_secs(3)), clock);
    let mut drafts = Vec::new();
    for _ in 0..4 {
        drafts.push(draft_of(&generative, QUESTION, &hits()).await);
    }
    let n_requests = first.requests().len();
    assert_eq!(n_requests, 6, "two each, until it is left alone");
    let last = drafts.pop().unwrap().unwrap();
    assert_eq!(last.written_by, Writer::Model("second".to_owned()));
}

#[tokio::test]
async fn who_waits_for_a_place_in_vain_blames_no_model() {
    let model = ScriptedModel::improvise(MAX_TOKENS, |_| Some(Say::Hang)).await;
    let one_place = vec![settings(&model, 1)];
    let generative = generative_of(one_place, budget(Duration::from_secs(1)), Clock::System);
    let hits = hits();
    let all = (0..6).map(|_| draft_of(&generative, QUESTION, &hits));
    let failures: Vec<GenerateError> =
        join_all(all).await.into_iter().map(Result::unwrap_err).collect();
    let is_crowded = |it: &&GenerateError| **it == GenerateError::Model(ModelError::Crowded);
    assert_eq!(failures.iter().filter(is_crowded).count(), 5, "{failures:?}");
    assert_eq!(model.requests().len(), 1);
    model.recover(good_answer());
    draft_of(&generative, QUESTION, &hits).await.unwrap();
}
