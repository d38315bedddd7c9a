//! The tickets of the demo: what customers and agents do, as data
//! (`data/tickets.toml`). Nothing here knows what Deskhand will answer.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use crate::cli::demo::desk::Desk;
use crate::cli::demo::desk::Kind;
use crate::cli::demo::desk::Person;
use crate::cli::demo::desk::Post;
use crate::cli::demo::desk::Tale;
use crate::cli::demo::desk::Written;

/// One ticket to be played.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scene {
    /// What to look at.
    pub(super) shows: String,
    pub(super) subject: String,
    pub(super) channel: String,
    /// The customer's name.
    pub(super) customer: String,
    steps: Vec<Step>,
}

/// One thing that happens. Exactly one of the first five is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    write: Option<String>,
    html: Option<String>,
    agent_after_read: Option<String>,
    forge: Option<String>,
    #[serde(default)]
    duplicate: bool,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    ticket: Vec<Scene>,
}

/// The bundled tickets.
pub(super) fn bundled() -> anyhow::Result<Vec<Scene>> {
    let script: Script =
        toml::from_str(include_str!("data/tickets.toml")).context("reading the demo's tickets")?;
    Ok(script.ticket)
}

impl Scene {
    /// Lets everything of this ticket happen in the helpdesk, in order. Returns
    /// once Deskhand has answered the last webhook.
    pub(super) async fn play(&self, desk: &Desk, conversation_id: &str) {
        desk.start(conversation_id, &self.subject, &self.channel);
        for step in &self.steps {
            if let Some(text) = &step.agent_after_read {
                desk.agent_answers_after_the_next_read(conversation_id, text);
            }
            if let Some(text) = &step.forge {
                desk.forge(conversation_id, text).await;
            }
            if step.duplicate {
                desk.repeat(conversation_id).await;
            }
            if let Some(body) = step.body() {
                let post = self.post(body, step.headers.clone());
                desk.write(conversation_id, post, Tale::Customer).await;
            }
        }
    }

    fn post(&self, body: Written, headers: BTreeMap<String, String>) -> Post {
        Post { public: true, kind: Kind::Customer, author: customer(&self.customer), body, headers }
    }
}

impl Step {
    fn body(&self) -> Option<Written> {
        let text = self.write.as_ref().map(|it| Written::Text(it.clone()));
        text.or_else(|| self.html.as_ref().map(|it| Written::Html(it.clone())))
    }
}

/// A customer of this name. The address is made of the letters and digits in it.
pub(super) fn customer(name: &str) -> Person {
    let plain: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let id = format!("customer-{plain}");
    Person { id, name: name.to_owned(), email: format!("{plain}@customer.example") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_step_does_exactly_one_thing() {
        for scene in bundled().unwrap() {
            for step in &scene.steps {
                let done = [
                    step.write.is_some(),
                    step.html.is_some(),
                    step.agent_after_read.is_some(),
                    step.forge.is_some(),
                    step.duplicate,
                ];
                assert_eq!(done.iter().filter(|it| **it).count(), 1, "{}: {step:?}", scene.shows);
            }
        }
    }
}
