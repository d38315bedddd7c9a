//! The fake helpdesk, checked: what it says went wrong really went wrong, and
//! it forgives nothing a real helpdesk would refuse.

use deskhand::clock::Clock;
use jiff::Timestamp;

use crate::support::faults::Plan;
use crate::support::faults::Shares;
use crate::support::helpdesk::FakeHelpdesk;
use crate::support::helpdesk::TOKEN;
use crate::support::wire::Answer;
use crate::support::wire::Caller;

const MESSAGE: &str =
    r#"{"public":true,"text":"Ten.","markdown":"Ten.","html":"<p>Ten.</p>","ref":"reply-1"}"#;

async fn helpdesk(shares: Shares) -> (FakeHelpdesk, Caller) {
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let helpdesk = FakeHelpdesk::start(clock, Plan::new(1, shares)).await;
    helpdesk.open("c1", "Seats", "How many seats do I have?");
    let address = helpdesk.url.trim_start_matches("http://").parse().unwrap();
    (helpdesk, Caller::new(address))
}

async fn post(caller: &mut Caller, path: &str, token: &str, body: &str) -> std::io::Result<Answer> {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: fake\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    caller.call(request.as_bytes()).await
}

#[tokio::test]
async fn what_is_written_twice_is_there_twice() {
    let (helpdesk, mut caller) = helpdesk(Shares::CALM).await;
    for _ in 0..2 {
        let answer = post(&mut caller, "/conversations/c1/messages", TOKEN, MESSAGE).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    assert_eq!(helpdesk.desk().n_replies(), 2);
    assert!(helpdesk.desk().breaches.is_empty());
    assert_eq!(helpdesk.desk().due.len(), 3, "one webhook a message");
}

#[tokio::test]
async fn a_cut_connection_has_done_the_work() {
    let (helpdesk, mut caller) = helpdesk(Shares { done_then_cut: 1.0, ..Shares::CALM }).await;
    let answer = post(&mut caller, "/conversations/c1/messages", TOKEN, MESSAGE).await;
    assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(helpdesk.desk().n_replies(), 1);
}

#[tokio::test]
async fn an_error_may_have_done_the_work_or_not() {
    for (shares, status, n_replies) in [
        (Shares { done_then_500: 1.0, ..Shares::CALM }, 500, 1),
        (Shares { proxy_502: 1.0, ..Shares::CALM }, 502, 0),
        (Shares { too_many: 1.0, ..Shares::CALM }, 429, 0),
    ] {
        let (helpdesk, mut caller) = helpdesk(shares).await;
        let answer = post(&mut caller, "/conversations/c1/messages", TOKEN, MESSAGE).await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.retry_after, (status == 429).then_some(1));
        assert_eq!(helpdesk.desk().n_replies(), n_replies, "after {status}");
    }
}

#[tokio::test]
async fn what_no_helpdesk_accepts_is_refused_and_remembered() {
    for (path, token, body) in [
        ("/conversations/c1/messages", "wrong", MESSAGE),
        ("/conversations/c1/messages", TOKEN, r#"{"public":true,"text":"Ten."}"#),
        (
            "/conversations/c1/messages",
            TOKEN,
            &MESSAGE.replace("\"ref\"", "\"surprise\":1,\"ref\""),
        ),
        ("/conversations/c1/messages", TOKEN, &MESSAGE.replace("<p>", "<script>")),
        ("/conversations/c1/tags", TOKEN, r#"{"tags":[]}"#),
        ("/conversations/c1/close", TOKEN, "{}"),
    ] {
        let (helpdesk, mut caller) = helpdesk(Shares::CALM).await;
        let answer = post(&mut caller, path, token, body).await.unwrap();
        assert!((400..500).contains(&answer.status), "{path} {body}: {}", answer.status);
        assert_eq!(helpdesk.desk().breaches.len(), 1, "{path} {body}");
        assert_eq!(helpdesk.desk().n_replies(), 0);
    }
}
