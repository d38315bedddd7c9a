//! Writes to a helpdesk: the steps of one action, in order. What a step keeps
//! from its answer can be used by those after it.

use jaq_json::Val;

use super::Action;
use super::HelpdeskError;
use super::Wording;
use super::Written;
use super::call::About;
use super::call::PlannedCall;
use super::connection::Helpdesk;
use super::jq;
use super::jq::Globals;
use super::manifest::Step;
use super::mapping;
use crate::ticket::Conversation;

/// Values one `for_each` may give. Guessed: no ticket needs a hundred tags.
const MAX_ROUNDS: usize = 100;

impl Helpdesk {
    /// Does one thing to a conversation. `intent` goes with it wherever the
    /// helpdesk has a place for it, so that it can be found again.
    pub async fn act(
        &self,
        conversation: &Conversation,
        action: &Action,
        intent: &str,
    ) -> Result<Written, HelpdeskError> {
        let about = About { call: action.name(), conversation_id: &conversation.id };
        let steps = self
            .manifest
            .action(action.name())
            .map_err(|why| self.unsupported(action.name(), why))?;
        let mut inputs = vec![input_of(conversation, action, intent)];
        let mut written = Written::default();
        let (mut wrote, mut tells_id) = (false, false);
        for step in steps {
            inputs = self.rounds(step, inputs).map_err(|it| self.unreadable(about.call, it))?;
            for input in &mut inputs {
                let globals = self.globals(input.clone());
                if !self.is_due(step, &globals, about)? {
                    continue;
                }
                let planned =
                    self.plan(step, &globals).map_err(|it| self.unreadable(about.call, it))?;
                let sent = self.send(step, planned, &globals, about).await;
                let answer = sent.map_err(|it| if wrote { undecided(it) } else { it })?;
                wrote |= step.is_write() && makes_message(action);
                let globals = Globals { response: answer.response, ..globals };
                let read = |filter: &jq::Filter| {
                    filter
                        .first(answer.body.clone(), &globals)
                        .map_err(|it| self.unreadable(about.call, it))
                };
                if let Some(kept) = step.keep.as_ref().map(read).transpose()? {
                    *input = jq::merged(input, &kept);
                }
                tells_id |= step.result.is_some();
                let result = step.result.as_ref().and_then(|it| read(it).ok());
                let id = result.as_ref().and_then(|it| mapping::word(it, "message"));
                written.message_id = id.or(written.message_id);
            }
        }
        // Done, says the status; a login page between us says so, too. Where it can be looked
        // for, that tells.
        if tells_id && makes_message(action) && written.message_id.is_none() {
            let detail = "its answer names no message".to_owned();
            if self.can("messages").is_ok() {
                let helpdesk = self.name().to_owned();
                return Err(HelpdeskError::Undecided { helpdesk, detail, retry_after: None });
            }
        }
        Ok(written)
    }

    /// The requests an action would make. What only an answer could tell is null.
    pub fn rehearse(
        &self,
        conversation: &Conversation,
        action: &Action,
        intent: &str,
    ) -> Result<Vec<PlannedCall>, HelpdeskError> {
        let call = action.name();
        let steps = self.manifest.action(call).map_err(|why| self.unsupported(call, why))?;
        let mut inputs = vec![input_of(conversation, action, intent)];
        let mut planned = Vec::new();
        for step in steps {
            inputs = self.rounds(step, inputs).map_err(|it| self.unreadable(call, it))?;
            for input in &inputs {
                let globals = self.globals(input.clone());
                if self.is_due(step, &globals, About { call, conversation_id: "" })? {
                    let request =
                        self.plan(step, &globals).map_err(|it| self.unreadable(call, it))?;
                    planned.push(request);
                }
            }
        }
        Ok(planned)
    }

    /// One input for each value of `for_each`; as they are without it. The
    /// steps after go on in as many rounds.
    fn rounds(&self, step: &Step, inputs: Vec<Val>) -> Result<Vec<Val>, String> {
        let Some(filter) = &step.for_each else { return Ok(inputs) };
        let mut rounds = Vec::new();
        for input in inputs {
            for value in filter.run(input.clone(), &self.globals(input.clone()), MAX_ROUNDS)? {
                rounds.push(jq::merged(&input, &jq::object([(step.name.as_str(), value)])));
            }
        }
        Ok(rounds)
    }

    pub(super) fn is_due(
        &self,
        step: &Step,
        globals: &Globals,
        about: About<'_>,
    ) -> Result<bool, HelpdeskError> {
        let holds = |filter: &jq::Filter| filter.holds(globals.input.clone(), globals);
        let due = step.when.as_ref().map_or(Ok(true), holds);
        due.map_err(|it| self.unreadable(about.call, format!("when: {it}")))
    }
}

/// After a step of the same message was done, "nothing was done" is not true.
fn undecided(err: HelpdeskError) -> HelpdeskError {
    match err {
        HelpdeskError::Unavailable { helpdesk, detail, retry_after } => {
            HelpdeskError::Undecided { helpdesk, detail, retry_after }
        }
        other @ (HelpdeskError::Undecided { .. }
        | HelpdeskError::Conflict { .. }
        | HelpdeskError::Refused { .. }
        | HelpdeskError::Gone { .. }
        | HelpdeskError::Unsupported { .. }
        | HelpdeskError::Unreadable { .. }) => other,
    }
}

/// True where doing it twice would show; the other actions set a state.
fn makes_message(action: &Action) -> bool {
    match action {
        Action::Reply(_) | Action::Note(_) => true,
        Action::Tag { .. } | Action::Field { .. } | Action::Handoff | Action::Open => false,
    }
}

/// What the filters of an action see.
fn input_of(conversation: &Conversation, action: &Action, intent: &str) -> Val {
    let seen_at = conversation.seen_at.as_ref().map_or(Val::Null, jq::text);
    let base = jq::object([
        ("ticket", mapping::ticket_value(conversation)),
        ("seen_at", seen_at),
        ("ref", jq::text(intent)),
    ]);
    let more = match action {
        Action::Reply(Wording { text, markdown, html })
        | Action::Note(Wording { text, markdown, html }) => jq::object([
            ("text", jq::text(text)),
            ("markdown", jq::text(markdown)),
            ("html", jq::text(html)),
        ]),
        Action::Tag { tags } => jq::object([("tags", tags.iter().map(jq::text).collect())]),
        Action::Field { field, value } => {
            jq::object([("field", jq::text(field)), ("value", jq::text(value))])
        }
        Action::Handoff | Action::Open => Val::Null,
    };
    jq::merged(&base, &more)
}
