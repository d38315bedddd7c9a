//! From what people say of drafts to replies that go out by themselves, and back: the
//! promise as a team meets it.

use std::path::Path;
use std::process::Command;

use deskhand::act;
use deskhand::act::Record;
use deskhand::act::Seen;
use deskhand::app::App;
use deskhand::certify::Lapse;
use deskhand::clock::Clock;
use deskhand::config;
use deskhand::decide::Decision;
use deskhand::guarantee;
use deskhand::ingest;
use deskhand::ingest::Missing;
use deskhand::pipeline::Circumstances;
use deskhand::proposal::License;
use deskhand::proposal::Proposal;
use deskhand::store::certificates;
use deskhand::store::chat;
use deskhand::store::knowledge;
use deskhand::store::labels::Judgement;
use deskhand::store::outbox::Limits;
use deskhand::ticket::Author;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Body;
use deskhand::ticket::Conversation;
use deskhand::ticket::Message;
use serde_json::Value;

use crate::support::articles;
use crate::support::program::House;
use crate::support::sender::CONNECTION;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const LIMITS: Limits = Limits { daily: 100_000, per_conversation: 100 };

/// 5 % of all tickets, every one of which is asked for: 59 right ones are enough.
const CERTIFIED: &str =
    "[answer]\nthreshold = 'certified'\n[guarantee]\nlimit = 0.05\nsample = 1.0\n";

/// A team on autopilot whose drafts are all good enough, if anybody may say so.
struct Team {
    house: House,
    app: App,
    n_tickets: usize,
}

impl Team {
    async fn new() -> Team {
        let house = House::copy("http://127.0.0.1:9");
        let app = Team::app(&house, CERTIFIED).await;
        Team { house, app, n_tickets: 0 }
    }

    async fn app(house: &House, settings: &str) -> App {
        house.set(settings);
        let text = std::fs::read_to_string(house.settings_file()).unwrap();
        let app = App::build(config::from_text(&text).unwrap().settings, Clock::System).unwrap();
        let App { index, store, embedder, .. } = &app;
        ingest::catch_up(index, store, embedder, Missing::Leave, |_, _| {}).await.unwrap();
        app
    }

    /// What is made of a ticket now.
    async fn prepare(&self) -> Proposal {
        let context = &self.app.desks[CONNECTION].context;
        let context = guarantee::licensed(&self.app.store, context, CONNECTION).await.unwrap();
        let (subject, text) = articles::question(0);
        let author = Author { kind: AuthorKind::Customer, id: None, name: None, email: None };
        let message = Message {
            id: "m1".to_owned(),
            at: None,
            author,
            public: true,
            body: Body::Text(text.to_owned()),
            headers: Vec::new(),
        };
        let conversation = Conversation {
            id: "1".to_owned(),
            subject: Some(subject.to_owned()),
            messages: vec![message],
            ..Conversation::default()
        };
        self.app.pipeline.prepare(&conversation, &context, &Circumstances::default()).await.unwrap()
    }

    /// Decides about `n` tickets at a time, and says the ids of the decisions.
    async fn decide(&mut self, n: usize, at_ms: i64) -> Vec<String> {
        let proposal = self.prepare().await;
        let mut ids = Vec::new();
        for _ in 0..n {
            self.n_tickets += 1;
            let seen = Seen { assignee: None, status: None, message_ids: vec![], read_ms: None };
            let sends = proposal.decision == Decision::Send;
            let record = Record { proposal: proposal.clone(), seen };
            let desk = &self.app.desks[CONNECTION];
            let key = format!("{CONNECTION}/{}", self.n_tickets);
            let decided = act::decided(&record, &desk.manner, &key, "m1", at_ms);
            let reply = sends.then(|| act::planned_reply(&proposal, at_ms));
            ids.push(decided.id.clone());
            let write =
                move |it: &_| chat::record(it, &decided, CONNECTION, reply.as_ref(), LIMITS);
            assert_eq!(self.app.store.write(write).await.unwrap(), None);
        }
        ids
    }

    /// What the team says of drafts; why the certificate ended, if it did.
    async fn judge(&self, ids: &[String], judgement: Judgement) -> Option<String> {
        let (ids, now_ms) = (ids.to_vec(), self.app.clock.now_ms());
        let write = move |it: &_| {
            let mut broken = None;
            for id in &ids {
                broken = guarantee::judge(it, id, judgement, "ana", now_ms)?.unwrap().or(broken);
            }
            Ok(broken)
        };
        self.app.store.write(write).await.unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.house.command(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// What the program says where it cannot do what it is told.
    fn complains(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_deskhand"))
            .args(arguments)
            .current_dir(self.house.folder() as &Path)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?} went through");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Certified by sixty drafts that were sent as they were.
    async fn certified() -> Team {
        let mut team = Team::new().await;
        let now_ms = team.app.clock.now_ms();
        let ids = team.decide(60, now_ms).await;
        team.judge(&ids, Judgement::AsIs).await;
        team.house.command(&["certificate", "make"]);
        team
    }
}

#[tokio::test]
async fn nothing_is_sent_until_enough_people_have_judged_enough_drafts() {
    let mut team = Team::new().await;
    let proposal = team.prepare().await;
    assert_eq!(proposal.decision, Decision::Suggest);
    assert_eq!(proposal.license, License::Withheld(Lapse::Missing));
    assert!(proposal.handoff.reason.starts_with("No certificate allows"), "{:?}", proposal.handoff);
    assert!(team.complains(&["certificate", "make"]).contains("no promise of 5.0 %"));

    let now_ms = team.app.clock.now_ms();
    let ids = team.decide(58, now_ms).await;
    team.judge(&ids, Judgement::AsIs).await;
    let shown = team.house.command(&["certificate"]);
    assert!(shown.contains("58 judged; at least 1 more needed for 5 %"), "{shown}");
    assert!(team.complains(&["certificate", "make"]).contains("nothing was kept"));
    assert_eq!(team.prepare().await.decision, Decision::Suggest);

    // The next is asked for without a word of how sure the draft is.
    let last = team.decide(1, now_ms + 1).await;
    let next = team.json(&["label"]);
    assert_eq!((&next["waiting"], &next["next"]["id"]), (&1.into(), &last[0].as_str().into()));
    let shown = team.house.command(&["label"]);
    assert!(shown.contains("Export invoices") && !shown.contains("0."), "{shown}");
    team.house.command(&["label", "add", &last[0], "right", "--by", "ana"]);
    assert!(team.house.command(&["label"]).contains("Nothing waits"));

    assert_eq!(team.json(&["certificate", "make", "--dry-run"])["kept"], false);
    assert_eq!(team.prepare().await.decision, Decision::Suggest, "a dry run allows nothing");
    let made = team.json(&["certificate", "make"]);
    assert_eq!(made["kept"], true);
    let line = &made["certificate"]["certificate"]["groups"][0]["line"];
    assert_eq!((&line["n"], &line["n_wrong"]), (&59.into(), &0.into()));
    let proposal = team.prepare().await;
    assert_eq!(proposal.decision, Decision::Send);
    let id = made["certificate"]["certificate"]["id"].as_str().unwrap().to_owned();
    assert_eq!(proposal.license, License::Certificate(id));
    let shown = team.house.command(&["certificate", "show"]);
    assert!(shown.contains("with 95 % confidence, at most 5 % of all tickets"), "{shown}");
}

#[tokio::test]
async fn whoever_judges_only_what_they_like_gets_no_further() {
    let mut team = Team::new().await;
    let now_ms = team.app.clock.now_ms();
    let ids = team.decide(80, now_ms).await;
    // All but the tenth: those after it wait for it.
    let (skipped, liked): (Vec<_>, Vec<_>) =
        ids.iter().cloned().enumerate().partition(|(place, _)| *place == 9);
    let liked: Vec<String> = liked.into_iter().map(|(_, id)| id).collect();
    team.judge(&liked, Judgement::AsIs).await;
    let sample = |store: &deskhand::store::Store| {
        let store = store.clone();
        async move { store.read(|it| guarantee::sample(it, CONNECTION, 1.0)).await.unwrap() }
    };
    let read = sample(&team.app.store).await;
    assert_eq!((read.n_labels, read.waiting.len(), read.n_behind), (9, 1, 70));
    // What only hints is kept apart, and judges nothing.
    team.house.command(&["label", "reopened", &skipped[0].1]);
    assert_eq!(sample(&team.app.store).await, read);
    assert!(team.house.command(&["certificate"]).contains("came back after 1 replies"));
    // Somebody's last word counts, and one who finds it wrong is enough.
    team.judge(&[skipped[0].1.clone()], Judgement::Wrong).await;
    assert!(sample(&team.app.store).await.judged[9].1.wrong);
    team.judge(&[skipped[0].1.clone()], Judgement::Right).await;
    let read = sample(&team.app.store).await;
    assert_eq!((read.n_labels, read.judged[9].1.wrong), (80, false));
    let complaint = team.complains(&["label", "add", "nobody", "right", "--by", "ana"]);
    assert!(complaint.contains("there is no decision nobody"), "{complaint}");
}

#[tokio::test]
async fn a_certificate_is_for_what_it_was_made_with() {
    let team = Team::certified().await;
    assert_eq!(team.prepare().await.decision, Decision::Send);
    // Neither the mode nor the operator's own number is part of it, the guard is.
    let Team { house, app, n_tickets } = team;
    drop(app);
    let more = CERTIFIED.replace("threshold", "send_from = 0.5\nthreshold");
    let app = Team::app(&house, &more).await;
    let team = Team { house, app, n_tickets };
    assert_eq!(team.prepare().await.decision, Decision::Send);
    let Team { house, app, n_tickets } = team;
    drop(app);
    let guarded = format!("{CERTIFIED}[guard]\nlink_hosts = ['help.example.com']\n");
    let app = Team::app(&house, &guarded).await;
    let team = Team { house, app, n_tickets };
    let proposal = team.prepare().await;
    assert_eq!(proposal.decision, Decision::Suggest);
    assert_eq!(proposal.license, License::Withheld(Lapse::Changed("settings".to_owned())));
    assert!(proposal.handoff.reason.contains("another settings"), "{}", proposal.handoff.reason);
    // An operator may still say so, and it is called what it is.
    let Team { house, app, n_tickets } = team;
    drop(app);
    let app = Team::app(&house, "[answer]\nthreshold = 'uncertified'\n").await;
    let proposal = Team { house, app, n_tickets }.prepare().await;
    assert_eq!((proposal.decision, proposal.license), (Decision::Send, License::Uncertified));
}

#[tokio::test]
async fn what_people_said_of_the_same_words_makes_a_certificate_for_what_changed() {
    let team = Team::certified().await;
    let Team { house, app, n_tickets } = team;
    drop(app);
    let guarded = format!("{CERTIFIED}[guard]\nlink_hosts = ['help.example.com']\n");
    let app = Team::app(&house, &guarded).await;
    let team = Team { house, app, n_tickets };
    assert_eq!(team.prepare().await.decision, Decision::Suggest);
    let tried = team.json(&["replay", "--certify", "--dry-run"]);
    assert_eq!((&tried["kept"], &tried["same"]), (&false.into(), &60.into()));
    assert_eq!(team.prepare().await.decision, Decision::Suggest);
    let renewed = team.json(&["replay", "--certify"]);
    assert_eq!((&renewed["kept"], &renewed["counted_as_wrong"]), (&true.into(), &0.into()));
    assert_eq!(team.prepare().await.decision, Decision::Send);
}

#[tokio::test]
async fn words_nobody_has_judged_count_as_wrong() {
    let team = Team::certified().await;
    let Team { house, app, n_tickets } = team;
    // The article says it otherwise now: each draft would quote what nobody has judged.
    let changes = app.store.read(|it| knowledge::changes_since(it, 0, 1_000)).await.unwrap();
    let mut documents = changes.into_iter().filter_map(|it| it.document);
    let mut article = documents.find(|it| it.title == "Export invoices").unwrap();
    article.body = "The invoices of a year: press Export invoices in Billing.".to_owned();
    app.store.write(move |it| knowledge::put(it, &[article])).await.unwrap();
    drop(app);
    let app = Team::app(&house, CERTIFIED).await;
    let team = Team { house, app, n_tickets };
    let complaint = team.complains(&["replay", "--certify"]);
    assert!(complaint.contains("nothing was kept"), "{complaint}");
}

#[tokio::test]
async fn replies_that_turn_out_wrong_switch_sending_off_until_it_is_earned_anew() {
    let mut team = Team::certified().await;
    let now_ms = team.app.clock.now_ms();
    let sent = team.decide(20, now_ms).await;
    assert_eq!(team.judge(&sent[..10], Judgement::Up).await, None);
    // One more is on its way when the fifth wrong one becomes known.
    let on_its_way = sent[19].clone();
    let mut broken = None;
    for id in &sent[10..16] {
        broken = broken.or(team.judge(std::slice::from_ref(id), Judgement::Rewritten).await);
    }
    let broken = broken.unwrap();
    assert!(broken.contains("got a wrong reply"), "{broken}");
    let proposal = team.prepare().await;
    assert_eq!(proposal.decision, Decision::Suggest);
    assert!(matches!(proposal.license, License::Withheld(Lapse::Broken(_))), "{proposal:?}");
    let ended = move |it: &_| certificates::ended(it, &on_its_way);
    assert_eq!(team.app.store.read(ended).await.unwrap(), Some(broken.clone()));
    // It is told once.
    let told = team.app.store.write(certificates::to_tell).await.unwrap();
    assert_eq!(told, [(CONNECTION.to_owned(), broken)]);
    assert!(!team.app.store.read(certificates::has_untold).await.unwrap());
    assert!(team.house.command(&["certificate"]).contains("withheld"));
    // The sixty of before were of better times: only new ones count.
    assert!(team.complains(&["certificate", "make"]).contains("nothing was kept"));
    team.judge(&sent[16..], Judgement::Right).await;
    let again = team.decide(300, now_ms + 2).await;
    team.judge(&again, Judgement::AsIs).await;
    team.house.command(&["certificate", "make"]);
    assert_eq!(team.prepare().await.decision, Decision::Send);
}

#[tokio::test]
async fn a_promise_nobody_watches_pauses_and_goes_on_by_itself() {
    let mut team = Team::certified().await;
    let now_ms = team.app.clock.now_ms();
    let sent = team.decide(3, now_ms).await;
    let pauses = |at_ms: i64| {
        let store = team.app.store.clone();
        async move { store.read(move |it| guarantee::pauses(it, at_ms)).await.unwrap() }
    };
    assert_eq!(pauses(now_ms + 6 * DAY_MS).await, []);
    let paused = pauses(now_ms + 8 * DAY_MS).await;
    let (id, why) = paused[0].clone();
    assert!(why.as_deref().is_some_and(|it| it.starts_with("3 replies wait")), "{why:?}");
    let write = move |it: &_| certificates::pause(it, &id, why.as_deref());
    team.app.store.write(write).await.unwrap();
    assert!(matches!(team.prepare().await.license, License::Withheld(Lapse::Paused(_))));
    team.judge(&sent, Judgement::Right).await;
    let resumed = pauses(now_ms + 8 * DAY_MS).await;
    assert_eq!(resumed[0].1, None);
    let old = pauses(now_ms + 91 * DAY_MS).await;
    assert!(old[0].1.as_deref().is_some_and(|it| it.contains("older than 90 days")), "{old:?}");
}

#[tokio::test]
async fn articles_may_be_edited_daily_but_another_help_center_is_another_promise() {
    let team = Team::certified().await;
    let now_ms = team.app.clock.now_ms();
    let pauses = || {
        let store = team.app.store.clone();
        async move { store.read(move |it| guarantee::pauses(it, now_ms)).await.unwrap() }
    };
    let help = team.house.folder().join("new");
    std::fs::create_dir(&help).unwrap();
    std::fs::write(help.join("gift-0.md"), "# Gift cards\n\nA gift card is valid for a year.\n")
        .unwrap();
    team.house.command(&["ingest", "--brand", CONNECTION, "new"]);
    assert_eq!(pauses().await, []);
    for n in 1..20 {
        let text = format!("# Gift cards {n}\n\nGift card number {n} is valid for a year.\n");
        std::fs::write(help.join(format!("gift-{n}.md")), text).unwrap();
    }
    team.house.command(&["ingest", "--brand", CONNECTION, "new"]);
    let paused = pauses().await;
    let why = paused[0].1.as_deref().unwrap();
    assert!(why.contains("20 articles are new or changed"), "{why}");
}

#[test]
fn which_tickets_are_asked_for_is_nobodys_choice() {
    let n_drawn = |share: f64| {
        (0..20_000).filter(|it| guarantee::is_drawn(&format!("decision-{it}"), share)).count()
    };
    assert_eq!((n_drawn(1.0), n_drawn(0.0)), (20_000, 0));
    let n = n_drawn(0.2);
    assert!((3_800..4_200).contains(&n), "{n}");
    assert_eq!(guarantee::is_drawn("a", 0.5), guarantee::is_drawn("a", 0.5));
    // Whoever is asked for at a small share is at a larger one.
    assert!((0..5_000).all(|it| {
        let id = it.to_string();
        !guarantee::is_drawn(&id, 0.1) || guarantee::is_drawn(&id, 0.3)
    }));
}
