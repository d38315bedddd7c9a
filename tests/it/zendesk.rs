//! The whole loop of the real program against a helpdesk shaped like Zendesk:
//! signed webhooks in, comments and tags out, and what goes wrong in between.

use std::time::Duration;
use std::time::Instant;

use deskhand::clock::Clock;
use jiff::ToSpan;

use crate::support::articles;
use crate::support::helpdesk::TOKEN;
use crate::support::history::Stored;
use crate::support::program::House;
use crate::support::program::Running;
use crate::support::sender::CONNECTION;
use crate::support::sender::SECRET;
use crate::support::wire::Caller;
use crate::support::zendesk;
use crate::support::zendesk::Zendesk;

const PATH: &str = "/webhooks/zen";

/// A Zendesk, the house that is connected to it, and the running service.
struct Shop {
    zendesk: Zendesk,
    house: House,
    running: Running,
}

impl Shop {
    async fn open(extra: &str) -> Shop {
        let zendesk = Zendesk::start(TOKEN).await;
        // Nobody answers on the connection that comes with the house.
        let house = House::copy("http://127.0.0.1:9");
        let folder = house.settings_file().parent().unwrap().display().to_string();
        house.set(&format!(
            "{extra}\n[connections.zen]\nhelpdesk = 'zendesk'\nbrand = '{CONNECTION}'\nquiet_s = 0.0\n\
             base_url = '{}'\n[connections.zen.config]\nsubdomain = 'acme'\nemail = '{}'\nagent_id = '{}'\n\
             [connections.zen.secrets]\napi_token = {{ file = '{folder}/token' }}\n\
             webhook_secret = {{ file = '{folder}/secret' }}\n",
            zendesk.url,
            zendesk::EMAIL,
            zendesk::AGENT_ID
        ));
        let running = house.start();
        Shop { zendesk, house, running }
    }

    /// A customer asks something the help center answers; gives the webhook.
    fn asked(&self) -> Vec<u8> {
        let (subject, text) = articles::question(0);
        self.zendesk.opened(subject, text)
    }

    async fn deliver_signed(&self, secret: &str, body: &[u8], age_s: i64) -> u16 {
        let at = Clock::System.now() - age_s.seconds();
        let request = zendesk::webhook(PATH, secret, at, body);
        Caller::new(self.running.address).call(&request).await.unwrap().status
    }

    async fn deliver(&self, body: &[u8]) {
        let status = self.deliver_signed(SECRET, body, 0).await;
        assert!((200..300).contains(&status), "{status}");
    }

    /// Waits until this many deliveries are there and everything has ended.
    async fn settled(&self, n_deliveries: usize) -> Stored {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let stored = self.house.stored();
            if stored.deliveries.len() == n_deliveries && stored.n_open() == 0 {
                let ticket = self.zendesk.ticket();
                assert!(ticket.breaches.is_empty(), "{:?}", ticket.breaches);
                return stored;
            }
            assert!(Instant::now() < deadline, "{stored:?}\n{}", self.house.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn outcomes(stored: &Stored) -> Vec<&str> {
    stored.deliveries.iter().filter_map(|it| it.outcome.as_deref()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_once_however_often_zendesk_tells_of_it() {
    let shop = Shop::open("").await;
    let webhook = shop.asked();
    shop.deliver(&webhook).await;
    shop.deliver(&webhook).await;
    shop.settled(1).await;
    {
        let ticket = shop.zendesk.ticket();
        let [reply] = ticket.by_deskhand()[..] else { panic!("{:?}", ticket.comments) };
        assert!(reply.public && reply.html.contains("help.acme.test"), "{}", reply.html);
        assert!(ticket.tags.iter().any(|it| it == "deskhand-sent"), "{:?}", ticket.tags);
    }
    // Zendesk tells of the first comment under another name, and of our own.
    let own = shop.zendesk.commented();
    shop.deliver(&own).await;
    let stored = shop.settled(2).await;
    assert_eq!(outcomes(&stored), ["replied", "ignored"]);
    assert_eq!(shop.zendesk.ticket().by_deskhand().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thanks_for_an_answer_trouble_nobody_and_a_complaint_does() {
    let shop = Shop::open("").await;
    shop.deliver(&shop.asked()).await;
    shop.settled(1).await;
    shop.deliver(&shop.zendesk.customer_writes("Thanks Sam, that worked!")).await;
    let stored = shop.settled(2).await;
    assert_eq!(outcomes(&stored), ["replied", "ignored"]);
    assert_eq!(stored.deliveries[1].detail.as_deref(), Some("nothing_asked"));
    {
        let ticket = shop.zendesk.ticket();
        assert_eq!(ticket.by_deskhand().len(), 1, "{:?}", ticket.comments);
        assert!(!ticket.tags.iter().any(|it| it == "deskhand-handoff"), "{:?}", ticket.tags);
    }
    shop.deliver(&shop.zendesk.customer_writes("Thanks, but now it fails again.")).await;
    let stored = shop.settled(3).await;
    assert_ne!(outcomes(&stored)[2], "ignored");
    assert!(1 < shop.zendesk.ticket().by_deskhand().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_suggest_mode_only_the_team_sees_the_draft() {
    let shop = Shop::open("[answer]\nmode = 'suggest'").await;
    shop.deliver(&shop.asked()).await;
    let stored = shop.settled(1).await;
    assert_eq!(outcomes(&stored), ["suggested"]);
    let ticket = shop.zendesk.ticket();
    let [note] = ticket.by_deskhand()[..] else { panic!("{:?}", ticket.comments) };
    assert!(!note.public && note.html.contains("help.acme.test"), "{}", note.html);
    assert!(ticket.tags.iter().any(|it| it == "deskhand-suggested"), "{:?}", ticket.tags);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_who_writes_between_our_last_look_and_the_reply_is_not_talked_over() {
    let shop = Shop::open("").await;
    // The first read is for thinking, the second right before the reply.
    shop.zendesk.ticket().colleague_after = Some(2);
    shop.deliver(&shop.asked()).await;
    let stored = shop.settled(1).await;
    assert_eq!(outcomes(&stored), ["superseded"]);
    let ticket = shop.zendesk.ticket();
    assert_eq!(ticket.n_conflicts, 1, "Zendesk refused the reply");
    assert!(ticket.by_deskhand().is_empty(), "{:?}", ticket.comments);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_who_was_quicker_than_the_webhook_has_answered() {
    let shop = Shop::open("").await;
    let webhook = shop.asked();
    shop.zendesk.answered_by_a_colleague("<p>It is on its way.</p>");
    shop.deliver(&webhook).await;
    let stored = shop.settled(1).await;
    assert_eq!(outcomes(&stored), ["superseded"]);
    assert!(shop.zendesk.ticket().by_deskhand().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_zendesk_says_slow_down_the_reply_comes_later_and_once() {
    let shop = Shop::open("").await;
    shop.zendesk.ticket().n_too_many = 2;
    shop.deliver(&shop.asked()).await;
    let stored = shop.settled(1).await;
    assert_eq!(outcomes(&stored), ["replied"]);
    assert!(1 < stored.deliveries[0].attempts);
    assert_eq!(shop.zendesk.ticket().by_deskhand().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_somebody_else_signed_leaves_no_trace() {
    let shop = Shop::open("").await;
    let webhook = shop.asked();
    assert_eq!(shop.deliver_signed("another-secret", &webhook, 0).await, 401);
    // As old as a replay: Zendesk's stamp may be five minutes off.
    assert_eq!(shop.deliver_signed(SECRET, &webhook, 3_600).await, 401);
    assert!(shop.house.stored().deliveries.is_empty());
    assert!(shop.zendesk.ticket().by_deskhand().is_empty());
}
