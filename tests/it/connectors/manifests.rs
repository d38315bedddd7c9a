//! Manifests that are in order, and errors that help to put one in order.

use std::fs;

use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::Manifest;
use deskhand::helpdesk::Manifests;

use super::manifests;
use super::settings;

fn zendesk() -> String {
    fs::read_to_string("connectors/zendesk.toml").unwrap()
}

/// The error of a changed manifest.
fn error_after(from: &str, to: &str) -> String {
    let text = zendesk();
    assert!(text.contains(from), "{from} is not in the manifest");
    Manifest::parse("my.toml", &text.replacen(from, to, 1)).unwrap_err().to_string()
}

/// The line on which a text stands first.
fn line_of(part: &str) -> usize {
    zendesk().lines().position(|it| it.contains(part)).unwrap() + 1
}

#[test]
fn every_manifest_compiled_in_is_in_order() {
    let manifests = manifests();
    let names: Vec<_> = manifests.iter().map(|it| it.name.clone()).collect();
    assert_eq!(names, ["chatwoot", "generic", "intercom", "request-tracker", "zendesk"]);
    for manifest in manifests.iter() {
        for what in ["reply", "note", "tag", "field", "handoff", "messages", "changed"] {
            manifest.can(what).unwrap();
        }
        assert!(manifest.setup.contains("{hook}"), "{} tells where to send", manifest.name);
    }
}

#[test]
fn an_error_in_a_filter_names_file_and_line() {
    for (from, to, key, says) in [
        (
            "(.detail // {}) as $d",
            "(.detail | nope) as $d",
            "webhook.events",
            "undefined filter `nope`",
        ),
        ("body = '{ tags: ", "body = '{ tags: (] ", "action.tag.body", "expected"),
        ("items = '.tickets[]", "items = 'env", "read.changed.items", "undefined filter `env`"),
    ] {
        let err = error_after(from, to);
        let line = line_of(from);
        assert!(err.starts_with(&format!("my.toml:{line}: {key}: ")), "{err}");
        assert!(err.contains(says), "{err}");
    }
}

#[test]
fn an_unknown_key_is_an_error_with_its_line() {
    for (from, to) in [
        ("dedup =", "dedupe ="),
        ("concurrency = 4", "concurency = 4"),
        ("method = \"PUT\"", "metod = \"PUT\""),
        ("tolerance_s = 300", "tolerance = 300"),
        ("required = true", "reqired = true"),
        ("retry = { after", "retry = { afterwards"),
    ] {
        let err = error_after(from, to);
        assert!(err.starts_with(&format!("my.toml:{}: unknown field", line_of(from))), "{err}");
    }
}

#[test]
fn what_cannot_work_is_found_when_the_manifest_is_read() {
    for (from, to, says) in [
        ("manifest = 1", "manifest = 2", "manifest = 1"),
        ("'https://{subdomain}.", "'https://{subdomane}.", "`{subdomane}` is neither"),
        ("key = \"webhook_secret\"", "key = \"hook_secret\"", "`hook_secret` is not in [secrets]"),
        ("scheme = \"hmac-sha256\"", "scheme = \"hmac-md5\"", "unknown scheme `hmac-md5`"),
        ("\"header:x-zendesk-webhook-signature-timestamp\", ", "", "must be among the `signed`"),
        ("method = \"PUT\"", "method = \"GRAB\"", "unknown method `GRAB`"),
        ("'^[0-9]+$'", "'^[0-9+$'", "config.agent_id.pattern"),
        ("[action.tag]\n", "[action.tag]\nunsupported = 'no'\n", "stands alone"),
    ] {
        let text = zendesk().replacen(from, to, 1);
        let err = Manifest::parse("my.toml", &text).unwrap_err().to_string();
        assert!(err.starts_with("my.toml:") && err.contains(says), "{from}: {err}");
    }
}

#[test]
fn a_file_of_ones_own_replaces_and_adds() {
    let directory = tempfile::tempdir().unwrap();
    let own = zendesk().replace("title = \"Zendesk Support\"", "title = \"Ours\"");
    fs::write(directory.path().join("zendesk.toml"), own).unwrap();
    let more = zendesk().replace("name = \"zendesk\"", "name = \"sandbox\"");
    fs::write(directory.path().join("sandbox.toml"), more).unwrap();
    fs::write(directory.path().join("README.md"), "not a manifest").unwrap();
    let manifests = Manifests::load(Some(directory.path())).unwrap();
    assert_eq!(manifests.by_name("zendesk").unwrap().title, "Ours");
    assert_eq!(manifests.by_name("sandbox").unwrap().title, "Zendesk Support");
    assert_eq!(manifests.iter().count(), 6);
    fs::write(directory.path().join("broken.toml"), "manifest = ").unwrap();
    let err = Manifests::load(Some(directory.path())).unwrap_err().to_string();
    assert!(err.contains("broken.toml:1: "), "{err}");
}

#[test]
fn settings_that_do_not_fit_say_what_to_set() {
    let manifests = manifests();
    let manifest = manifests.by_name("zendesk").unwrap();
    let problems = |change: &dyn Fn(&mut deskhand::helpdesk::ConnectionSettings)| {
        let mut settings = settings("zendesk");
        change(&mut settings);
        Helpdesk::connect(manifest.clone(), &settings).unwrap_err().to_string()
    };
    let err = problems(&|it| drop(it.config.remove("agent_id")));
    assert!(err.contains("set `config.agent_id`: the user id our replies"), "{err}");
    let err = problems(&|it| drop(it.config.insert("subdomain".into(), "A cme".into())));
    assert!(err.contains("`config.subdomain` is \"A cme\""), "{err}");
    let err = problems(&|it| drop(it.config.insert("sub".into(), "acme".into())));
    assert!(err.contains("unknown setting `sub`; known are agent_id"), "{err}");
    let err = problems(&|it| drop(it.secrets.remove("api_token")));
    assert!(err.contains("set `secrets.api_token`: Admin Center"), "{err}");
    let err = problems(&|it| drop(it.secrets.insert("webhook_secret".into(), Vec::new())));
    assert!(err.contains("set `secrets.webhook_secret`"), "{err}");
}

#[test]
fn a_hook_that_nothing_could_prove_does_not_connect() {
    let manifests = manifests();
    let mut settings = settings("chatwoot");
    settings.secrets.remove("webhook_secret");
    settings.secrets.remove("path_secret");
    let connected = Helpdesk::connect(manifests.by_name("chatwoot").unwrap().clone(), &settings);
    let err = connected.unwrap_err().to_string();
    assert!(err.contains("`secrets.webhook_secret` or `secrets.path_secret`"), "{err}");
}

#[test]
fn without_an_address_the_generic_helpdesk_only_listens() {
    let mut settings = settings("generic");
    settings.config.remove("url");
    let helpdesk = super::connect(&settings);
    for what in ["reply", "note", "messages"] {
        let why = helpdesk.can(what).unwrap_err();
        assert!(why.contains("config.url"), "{why}");
    }
}

#[test]
fn nothing_printed_of_a_connection_has_a_secret_in_it() {
    let mut settings = settings("generic");
    settings.secrets = super::only("webhook_secret", &["hunter2"]);
    let helpdesk = super::connect(&settings);
    let printed = format!("{helpdesk:?} {settings:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
