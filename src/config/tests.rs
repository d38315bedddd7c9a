//! What a person who writes settings meets.

use crate::config::Mode;
use crate::config::from_text;

/// A model as most people set one.
const MODEL: &str = "[model]\nbase_url = \"http://a\"\nname = \"a\"\n";

fn error_of(text: &str) -> String {
    format!("{:#}", from_text(text).unwrap_err())
}

#[test]
fn the_defaults_are_complete_and_sound() {
    let loaded = from_text("").unwrap();
    assert_eq!(loaded.settings.answer.mode, Mode::Suggest);
    assert!(loaded.settings.connections.is_empty());
}

#[test]
fn a_misspelt_key_is_an_error_that_names_it() {
    assert!(error_of("[server]\nlissten = \"x\"").contains("lissten"));
    assert!(
        error_of("[connections.acme]\nhelpdesk = \"zendesk\"\nsecretts = {}").contains("secretts")
    );
}

#[test]
fn a_value_out_of_range_says_what_is_allowed() {
    let error = error_of("[answer]\nsend_from = 1.5");
    assert_eq!(error, "answer.send_from is 1.5; it must be 0 to 1");
    assert!(error_of("[answer]\nsend_from = nan").contains("answer.send_from"));
}

#[test]
fn a_word_that_is_none_of_those_allowed_is_an_error_that_lists_them() {
    let error = error_of("[answer]\nmode = \"auto\"");
    assert!(error.contains("answer.mode"), "{error}");
    for word in ["suggest", "autopilot", "shadow"] {
        assert!(error.contains(&format!("`{word}`")), "{error}");
    }
}

#[test]
fn hosts_of_links_are_hosts_alone() {
    for host in ["https://help.example.com", "help.example.com/a", "a b", "", "a.example:443"] {
        let error = error_of(&format!("[guard]\nlink_hosts = [\"{host}\"]"));
        assert!(error.contains("guard.link_hosts"), "{host}: {error}");
    }
    assert!(from_text("[guard]\nlink_hosts = [\"help.example.com\"]").is_ok());
}

#[test]
fn a_filter_of_logs_that_cannot_be_read_is_refused() {
    let error = error_of("[log]\nfilter = \"deskhand=loud\"");
    assert!(error.contains("log.filter is deskhand=loud"), "{error}");
}

#[test]
fn every_list_of_the_defaults_can_be_set_in_the_environment() {
    let lists = super::lists_of_defaults().unwrap();
    for key in ["guard.link_hosts", "embedder.languages", "policy.vip_tags"] {
        assert!(lists.iter().any(|it| it == key), "{lists:?}");
    }
}

#[test]
fn an_address_to_listen_on_has_a_port() {
    for listen in ["localhost", "8080", "127.0.0.1:http"] {
        let error = error_of(&format!("[server]\nlisten = \"{listen}\""));
        assert!(error.contains("127.0.0.1:8080"), "{error}");
    }
    assert!(from_text("[server]\nlisten = \"localhost:0\"").is_ok());
}

#[test]
fn thresholds_that_cross_are_refused_with_both_names() {
    let error = error_of("[answer]\nsuggest_from = 0.9\nsend_from = 0.5");
    assert!(error.contains("answer.send_from is 0.5"), "{error}");
    assert!(error.contains("answer.suggest_from"), "{error}");
}

#[test]
fn a_secret_in_the_file_itself_is_refused() {
    let connection = "[connections.acme]\nhelpdesk = \"zendesk\"\nsecrets = ";
    for text in [
        format!("{connection}{{ api_token = \"sk-live-1234\" }}"),
        format!("{connection}{{ api_token = [\"sk-live-1234\"] }}"),
        format!("{MODEL}api_key = \"sk-live-1234\""),
    ] {
        let error = error_of(&text);
        assert!(!error.contains("sk-live-1234"), "{error}");
        assert!(error.contains("env = "), "{error}");
    }
}

#[test]
fn secrets_can_be_rotated() {
    let text = "[connections.acme]\nhelpdesk = \"zendesk\"\n\
        secrets = { webhook_secret = [{ env = \"NEW\" }, { env = \"OLD\" }] }";
    let settings = from_text(text).unwrap().settings;
    let sources = &settings.connections["acme"].secrets["webhook_secret"];
    assert_eq!(sources.iter().count(), 2);
}

#[test]
fn the_listing_shows_where_a_secret_is_kept_and_not_what_it_is() {
    let text =
        "[connections.acme]\nhelpdesk = \"zendesk\"\nsecrets = { api_token = { env = \"TOKEN\" } }";
    let lines = from_text(text).unwrap().lines();
    let line = lines.iter().find(|it| it.0 == "connections.acme.secrets.api_token.env").unwrap();
    assert_eq!(line.1, "TOKEN");
}

#[test]
fn an_embedder_is_set_whole_or_not_at_all() {
    for (text, said) in [
        ("kind = \"endpoint\"", "set embedder.base_url and embedder.model"),
        ("kind = \"transformer\"", "set embedder.folder"),
        ("kind = \"oracle\"", "oracle"),
        ("dimensions = 5000", "embedder.dimensions is 5000; it must be 8 to 4096, or 0"),
        ("batch = 65", "embedder.batch is 65; it must be 1 to 64"),
        ("question_timeout_ms = 1", "it must be 50 to 10000"),
        ("languages = [\"English\"]", "`English`; it must be codes such as en"),
        ("api_key = \"plain\"", "api_key"),
    ] {
        let error = error_of(&format!("[embedder]\n{text}"));
        assert!(error.contains(said), "{text}: {error}");
    }
    let text =
        "kind = \"endpoint\"\nbase_url = \"http://models\"\nmodel = \"e5\"\ndimensions = 256";
    assert!(from_text(&format!("[embedder]\n{text}")).is_ok());
}

#[test]
fn fall_backs_stand_behind_a_model_that_is_set() {
    let fallback = "[[model.fallbacks]]\nbase_url = \"http://b\"\nname = \"b\"\n";
    for (text, said) in [
        (fallback.to_owned(), "set model.base_url too"),
        (format!("{MODEL}[[model.fallbacks]]\nname = \"b\""), "missing configuration field"),
        (
            format!("{MODEL}[[model.fallbacks]]\nbase_url = \"\"\nname = \"b\""),
            "model.fallbacks.0.base_url is empty",
        ),
        (
            format!("{MODEL}{fallback}[[model.fallbacks]]\nbase_url = \"http://c\"\nname = \"\""),
            "model.fallbacks.1.name is not; name the model",
        ),
        (format!("{MODEL}{fallback}timeout_s = 3"), "timeout_s"),
    ] {
        let error = error_of(&text);
        assert!(error.contains(said), "{text}: {error}");
    }
    let settings = from_text(&format!("{MODEL}{fallback}")).unwrap().settings;
    let in_order: Vec<String> = settings.model.in_order().into_iter().map(|it| it.1.name).collect();
    assert_eq!(in_order, ["a", "b"]);
}

#[test]
fn a_model_alone_needs_no_list() {
    let settings = from_text(MODEL).unwrap().settings;
    assert_eq!(settings.model.in_order().len(), 1);
    assert_eq!(from_text("").unwrap().settings.model.in_order().len(), 0);
    assert!(error_of("[model]\nbase_url = \"http://a\"").contains("name the model to call"));
}

#[test]
fn a_limit_of_money_needs_the_price_of_every_model() {
    let limit = format!("{MODEL}max_usd_per_day = 5.0\n");
    let prices = "prompt_usd_per_million = 2.5\nanswer_usd_per_million = 10.0\n";
    let fallback = "[[model.fallbacks]]\nbase_url = \"http://b\"\nname = \"b\"\n";
    let free = "prompt_usd_per_million = 0.0\nanswer_usd_per_million = 0.0\n";
    assert!(error_of(&limit).contains("model.prompt_usd_per_million is not"));
    let error = error_of(&format!("{limit}{prices}{fallback}"));
    assert!(error.contains("model.fallbacks.0.prompt_usd_per_million is not"), "{error}");
    assert!(from_text(&format!("{limit}{prices}{fallback}{free}")).is_ok());
    assert!(from_text(&format!("{MODEL}{fallback}{prices}")).is_ok(), "prices without a limit");
    for (text, key) in [
        ("max_usd_per_day = -1.0", "model.max_usd_per_day is -1"),
        ("max_usd_per_day = nan", "model.max_usd_per_day"),
        ("prompt_usd_per_million = nan", "model.prompt_usd_per_million"),
        ("answer_usd_per_million = -0.5", "model.answer_usd_per_million is -0.5"),
    ] {
        let error = error_of(&format!("{MODEL}{text}"));
        assert!(error.contains(key), "{text}: {error}");
    }
}
