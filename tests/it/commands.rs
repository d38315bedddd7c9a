//! What a person at a shell meets: the commands that prepare and look after a
//! service, run as they are installed.

use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::sync::Arc;

use deskhand::app;
use deskhand::config;
use deskhand::embed::Embedder;
use deskhand::ingest;
use deskhand::ingest::Missing;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::support::embeddings::FakeEmbeddings;
use crate::support::embeddings::KEY;
use crate::support::embeddings::MODEL;
use crate::support::embeddings::Mood;
use crate::support::embeddings::QUERY;

mod measuring;
mod replaying;

struct Shell {
    folder: TempDir,
}

fn shell() -> Shell {
    Shell { folder: tempfile::tempdir().unwrap() }
}

impl Shell {
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_deskhand"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("ZENDESK_API_TOKEN", "token-of-tests")
            .env("ZENDESK_WEBHOOK_SECRET", "secret-of-tests")
            .output()
            .unwrap()
    }

    /// Standard output of a command that did its job.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Standard error of a command that could not do it.
    fn complains(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?} went through");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Makes a store with one article in it.
    fn stock(&self) {
        self.write("lamps.md", "# Clean a lamp\n\nWipe it with a dry cloth.\n");
        self.says(&["ingest", "lamps.md"]);
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap()
    }
}

#[test]
fn what_init_writes_is_what_check_accepts_once_it_is_filled_in() {
    let shell = shell();
    let said = shell.says(&["init", "zendesk", "--public-url", "https://support.example.com"]);
    assert!(said.contains("https://support.example.com/webhooks/zendesk"), "{said}");
    let filled = shell.read("deskhand.toml").replace("agent_id = \"\"", "agent_id = \"42\"");
    let filled = filled.replace("subdomain = \"\"", "subdomain = \"acme\"");
    shell.write("deskhand.toml", &filled.replace("email = \"\"", "email = \"a@example.com\""));
    let checked = shell.says(&["check"]);
    assert!(checked.contains("1 connected"), "{checked}");
    assert!(
        !checked.contains("secret-of-tests") && !checked.contains("token-of-tests"),
        "a secret is shown: {checked}"
    );
}

#[test]
fn init_writes_over_nothing_and_knows_its_helpdesks() {
    let shell = shell();
    shell.write("deskhand.toml", "# mine\n");
    assert!(shell.complains(&["init", "chatwoot"]).contains("exists already"));
    assert_eq!(shell.read("deskhand.toml"), "# mine\n");
    let unknown = shell.complains(&["init", "hotline"]);
    assert!(unknown.contains("hotline") && unknown.contains("connectors list"), "{unknown}");
}

#[test]
fn every_helpdesk_can_be_started_with() {
    let shell = shell();
    for helpdesk in ["zendesk", "intercom", "chatwoot", "request-tracker", "generic"] {
        let file = shell.says(&["init", helpdesk, "--dry-run"]);
        assert!(file.contains(&format!("[connections.{helpdesk}]")), "{file}");
    }
    assert!(!shell.folder.path().join("deskhand.toml").exists(), "a dry run wrote a file");
}

#[test]
fn a_misspelt_setting_is_named_and_nothing_starts() {
    let shell = shell();
    shell.write("deskhand.toml", "[answer]\nmod = \"suggest\"\n");
    for command in ["check", "serve"] {
        let complaint = shell.complains(&[command]);
        assert!(complaint.contains("mod"), "{complaint}");
    }
}

#[test]
fn check_says_all_faults_at_once_and_fails() {
    let shell = shell();
    shell.write(
        "deskhand.toml",
        "[journey]\nstages = \"m9\"\n[files]\nprompts = \"own-prompts\"\n[connections.a]\nhelpdesk = \"hotline\"\n\
         [connections.b]\nhelpdesk = \"zendesk\"\nsecrets = { api_token = { env = \"NOT_SET_ANYWHERE\" } }\n\
         [connections.c]\nhelpdesk = \"zendesk\"\nsecrets = { webhook_secret = { file = \"short\" } }\n\
         [store]\nfolder = \"/dev/null\"\n",
    );
    shell.write("short", "x");
    std::fs::create_dir(shell.folder.path().join("own-prompts")).unwrap();
    shell.write("own-prompts/draft.md", "no front matter");
    let output = shell.run(&["check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = report["faults"].to_string();
    for part in ["m9", "draft.md", "hotline", "NOT_SET_ANYWHERE", "file short", "/dev/null"] {
        assert!(faults.contains(part), "{part} is missing in {faults}");
    }
}

#[test]
fn the_environment_overrides_the_file_and_check_says_so() {
    let shell = shell();
    shell.write("deskhand.toml", "[worker]\nconcurrency = 3\n");
    let output = Command::new(env!("CARGO_BIN_EXE_deskhand"))
        .args(["check"])
        .current_dir(shell.folder.path())
        .env("DESKHAND__WORKER__CONCURRENCY", "5")
        .env("DESKHAND__POLICY__VIP_TAGS", "vip,gold")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line = said.lines().find(|it| it.starts_with("worker.concurrency")).unwrap();
    assert!(line.contains('5') && line.contains("environment"), "{line}");
    let list: Vec<&str> = said.lines().filter(|it| it.starts_with("policy.vip_tags.")).collect();
    assert!(list.len() == 2 && list[1].contains("gold"), "{list:?}");
}

#[test]
fn the_switch_stays_where_it_was_put() {
    let shell = shell();
    shell.stock();
    assert!(shell.says(&["send"]).starts_with("on"));
    shell.says(&["send", "off"]);
    let state: Value = serde_json::from_str(&shell.says(&["send", "--json"])).unwrap();
    assert_eq!(state["send"], "off");
}

#[test]
fn an_empty_house_answers_honestly() {
    let shell = shell();
    shell.stock();
    assert!(shell.says(&["inbox"]).contains("nothing yet"));
    assert!(shell.complains(&["inbox", "retry", "7"]).contains('7'));
    assert!(shell.complains(&["decisions", "show", "x"]).contains("no decision x"));
    let asked = shell.says(&["ask", "How do I reset my password?"]);
    assert!(asked.contains("hand over"), "{asked}");
}

#[test]
fn a_command_beside_no_store_makes_none() {
    let shell = shell();
    for command in [&["send", "off"][..], &["inbox"], &["decisions"], &["handovers"]] {
        let complaint = shell.complains(command);
        assert!(complaint.contains("there is no store in"), "{command:?}: {complaint}");
    }
    assert!(!shell.folder.path().join("data").exists());
}

#[test]
fn a_team_says_what_its_customers_call_things() {
    let shell = shell();
    shell.write(
        "articles.jsonl",
        "{\"id\":\"pair\",\"title\":\"Pairing the gateway\",\"body\":\"Hold the gateway for five seconds.\"}\n\
         {\"id\":\"bill\",\"title\":\"Your bill\",\"body\":\"The bill comes each month.\"}\n",
    );
    let own = |synonyms: &str| {
        shell.write("words.txt", synonyms);
        shell.write(
            "deskhand.toml",
            "[embedder]\nkind = \"none\"\n[files]\nsynonyms = \"words.txt\"\n",
        );
    };
    shell.write("deskhand.toml", "[embedder]\nkind = \"none\"\n");
    shell.says(&["ingest", "articles.jsonl"]);
    let found = || -> Value {
        let asked = ["ask", "--json", "What is wrong with the little white box?"];
        serde_json::from_str(&shell.says(&asked)).unwrap()
    };
    let before = found();
    assert_eq!(before["articles"], serde_json::json!([]), "{before}");
    own("# as callers say\ngateway, white box\n");
    let after = found();
    assert_eq!(after["articles"][0]["passage"]["document_id"], "pair", "{after}");
    assert_ne!(before["versions"]["ranking"], after["versions"]["ranking"]);

    own("gateway, white box\nbill\n");
    for command in [&["check"][..], &["ask", "Hello?"]] {
        let output = shell.run(command);
        assert!(!output.status.success(), "{command:?}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("words.txt") && said.contains("line 2"), "{said}");
    }
}

#[test]
fn files_that_are_passed_over_are_named() {
    let shell = shell();
    std::fs::create_dir(shell.folder.path().join("docs")).unwrap();
    shell.write("docs/reset.md", "# Reset\n\nHold the button for ten seconds.\n");
    shell.write("docs/prices.csv", "id,title,body\n1,Prices,A lamp costs 30 euros.\n");
    let told = shell.says(&["ingest", "docs"]);
    assert!(told.contains("passed over in docs") && told.contains("prices.csv"), "{told}");
    assert!(!told.contains("reset.md"), "{told}");
    shell.write("docs/corpus.jsonl", "{\"id\":\"a\",\"title\":\"Lamps\",\"body\":\"On.\"}\n");
    let told = shell.says(&["ingest", "docs"]);
    assert!(told.contains("reset.md") && !told.contains("corpus.jsonl\n  "), "{told}");
}

#[test]
fn an_export_that_is_gone_is_told_and_not_removed_by_itself() {
    let shell = shell();
    std::fs::create_dir(shell.folder.path().join("docs")).unwrap();
    let article = "{\"id\":\"a\",\"title\":\"Lamps\",\"body\":\"Lamps are cleaned dry.\"}\n";
    let ticket = "{\"id\":\"t\",\"subject\":\"Dust\",\"text\":\"Dusty\",\"answer\":\"Wipe it.\",\"solved\":true}\n";
    shell.write("docs/corpus.jsonl", article);
    shell.write("docs/past_tickets.jsonl", ticket);
    shell.says(&["ingest", "docs"]);
    std::fs::remove_file(shell.folder.path().join("docs/past_tickets.jsonl")).unwrap();
    let told = shell.says(&["ingest", "docs"]);
    assert!(told.contains("past_tickets.jsonl is gone") && told.contains("--forget"), "{told}");
}

#[test]
fn a_date_to_read_from_is_refused_where_everything_is_read() {
    let shell = shell();
    shell.write("reset.md", "# Reset\n\nHold the button for ten seconds.\n");
    let complaint = shell.complains(&["ingest", "reset.md", "--since", "2025-01-31"]);
    assert!(complaint.contains("--since"), "{complaint}");
}

#[test]
fn what_is_ingested_can_be_asked_at_once() {
    let shell = shell();
    shell.write(
        "articles.jsonl",
        "{\"id\":\"reset\",\"title\":\"Reset your password\",\"body\":\"To reset your password, open Settings, \
         select Security and choose Reset password. We send you a link that is valid for 20 minutes.\"}\n",
    );
    shell.says(&["ingest", "articles.jsonl"]);
    let proposal: Value =
        serde_json::from_str(&shell.says(&["ask", "How do I reset my password?", "--json"]))
            .unwrap();
    assert_eq!(proposal["draft"]["citations"][0]["title"], "Reset your password", "{proposal}");
}

#[test]
fn a_brand_nothing_was_ingested_for_is_not_asked_in_vain() {
    let shell = shell();
    shell.write("reset.md", "# Reset your lamp\n\nHold the button for ten seconds.\n");
    shell.says(&["ingest", "reset.md", "--brand", "Acme"]);
    let told = shell.says(&["ask", "How do I reset my lamp?"]);
    assert!(told.contains("Hold the button"), "{told}");
    let complaint = shell.complains(&["ask", "--brand", "acme", "How do I reset my lamp?"]);
    assert!(complaint.contains("the brand acme") && complaint.contains("Acme"), "{complaint}");
}

#[tokio::test]
async fn a_damaged_index_is_set_aside_and_filled_from_the_store() {
    let shell = shell();
    shell.write(
        "articles.jsonl",
        "{\"id\":\"a\",\"title\":\"Lamp\",\"body\":\"The lamp is on the left.\"}\n",
    );
    shell.says(&["ingest", "articles.jsonl"]);
    let data = shell.folder.path().join("data");
    damage(&data.join("index"));
    let text = format!("[store]\nfolder = {:?}\n", data.display().to_string());
    let settings = config::from_text(&text).unwrap().settings;
    let embedder = Arc::new(Embedder::Table);
    let index = Arc::new(app::open_index(&settings, &embedder).unwrap());
    assert_eq!(index.watermark(), 0, "a damaged index was used");
    let store = app::open_store(&settings).unwrap();
    let caught_up = ingest::catch_up(&index, &store, &embedder, Missing::Embed, |_, _| {});
    assert_eq!(caught_up.await.unwrap(), 1);
    assert!(data.join("index.damaged").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_which_embedder_is_set_and_whether_it_answers() {
    let shell = shell();
    assert!(shell.says(&["check"]).contains("compared by the embedder table-1"));
    let server = FakeEmbeddings::start().await;
    shell.write("key", KEY);
    let settings = |address: &str| {
        shell.write(
            "deskhand.toml",
            &format!(
                "[embedder]\nkind = \"endpoint\"\nbase_url = \"{address}\"\nmodel = \"{MODEL}\"\n\
                 query_prefix = \"{QUERY}\"\napi_key = {{ file = \"key\" }}\ntimeout_s = 5\n"
            ),
        );
    };
    settings(&server.base_url);
    let said = shell.says(&["check"]);
    assert!(said.contains(&format!("compared by the embedder endpoint:{MODEL}:full")), "{said}");
    assert!(!said.contains(KEY), "{said}");
    server.will(&[Mood::Status(401)]);
    let output = shell.run(&["check"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && said.contains("check embedder.api_key"), "{said}");
    // What may pass by itself keeps nobody from starting.
    settings("http://127.0.0.1:9");
    let said = shell.says(&["check"]);
    assert!(said.contains("! the embedder is unavailable") && said.contains("words"), "{said}");
    shell.write("deskhand.toml", "[embedder]\nkind = \"endpoint\"\n");
    assert!(shell.complains(&["check"]).contains("embedder.base_url"));
}

fn damage(index: &Path) {
    for entry in std::fs::read_dir(index).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|it| it == "meta.json") {
            std::fs::write(path, "{").unwrap();
        }
    }
}

#[test]
fn a_shell_gets_its_completions() {
    assert!(shell().says(&["completions", "bash"]).contains("deskhand"));
}
