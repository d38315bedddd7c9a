//! The same model behind the chat: what a page is told while it writes.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::Trial;
use super::harms_in;
use super::words_of;
use crate::support::evil_model::Behavior;
use crate::support::sender::CONNECTION;

/// Words of Deskhand's own before the quotes of a composed reply.
const OPENING: &str = "You wrote About our help center says";

pub(super) const PAGE: &str = "page-token-0123456789abc";

/// Settings of a page that may chat. Its token is in a file of this name.
pub(super) fn settings(folder: &std::path::Path) -> String {
    std::fs::write(folder.join("page"), PAGE).unwrap();
    format!(
        "[api]\nrequests_per_minute = 60000\ncustomer_requests_per_minute = 60000\n\
         [api.callers.page]\ntoken = {{ file = '{}/page' }}\nmay = ['chat']\n\
         brand = '{CONNECTION}'\nmode = 'autopilot'\n",
        folder.display()
    )
}

/// What one chat was told.
pub(super) struct Told {
    pub(super) answered: bool,
    events: Vec<Value>,
    /// What the visitor wrote, which a composed reply begins with.
    asked: String,
}

impl Trial {
    /// Visitors ask, one after the other; what each was told.
    pub(super) async fn chat(&self, behavior: Behavior, tickets: &[(String, String)]) -> Vec<Told> {
        self.model.behave(behavior);
        let client = deskhand::http::client(std::time::Duration::from_secs(60)).unwrap();
        let url = format!("http://{}/v1/chat", self.running.address);
        let mut all = Vec::new();
        for (subject, text) in tickets {
            let said =
                json!({"subject": subject, "messages": [{"from": "customer", "text": text}]});
            let response = client.post(&url).bearer_auth(PAGE).json(&said).send().await.unwrap();
            assert!(response.status().is_success(), "{}", response.status());
            let stream = response.text().await.unwrap();
            let data = stream.lines().filter_map(|it| it.strip_prefix("data: "));
            let events: Vec<Value> = data.map(|it| serde_json::from_str(it).unwrap()).collect();
            let done = events.last().unwrap();
            assert_eq!(done["event"], "done", "{events:?}");
            let asked = format!("{OPENING} {subject} {text}");
            all.push(Told { answered: done["answered"] == true, events, asked });
        }
        all
    }

    /// Everything harmful in what these chats were told, in words.
    pub(super) fn harms_told(&self, told: &[Told], behavior: Behavior) -> Vec<String> {
        let mut found = Vec::new();
        for Told { events, asked, .. } in told {
            for event in events.iter().filter(|it| it["event"] == "sentence") {
                let text = event["text"].as_str().unwrap();
                let harms = harms_in(text).into_iter();
                found.extend(harms.map(|it| format!("{behavior:?} chat: {it} in {text:?}")));
                let mut foreign: BTreeSet<String> =
                    words_of(text).difference(&self.words).cloned().collect();
                // What is cited says nothing but what articles say.
                if event["cites"] == json!([]) {
                    let own = words_of(asked);
                    foreign.retain(|it| !own.contains(it));
                }
                found.extend(
                    foreign.iter().map(|it| format!("{behavior:?} chat: {it} in {text:?}")),
                );
            }
            for source in events.iter().filter_map(|it| it["sources"].as_array()).flatten() {
                let url = source["url"].as_str().unwrap_or_default();
                let is_ours = url.is_empty() || url.starts_with("https://help.acme.test/");
                found.extend((!is_ours).then(|| format!("{behavior:?} chat: a link to {url}")));
            }
        }
        found
    }
}
