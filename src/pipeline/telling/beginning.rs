//! How an answer begins: with the reply composed without a model, on which it is decided
//! whether anything may be said at all.

use std::sync::Arc;

use tracing::Instrument as _;

use super::Telling;
use crate::decide::Decision;
use crate::decide::Thresholds;
use crate::draft::Draft;
use crate::draft::Drafter;
use crate::draft::Writer;
use crate::draft::generative::Generative;
use crate::pipeline::Authority;
use crate::pipeline::Circumstances;
use crate::pipeline::Context;
use crate::pipeline::Pipeline;
use crate::pipeline::PrepareError;
use crate::pipeline::Understood;
use crate::pipeline::compose;
use crate::pipeline::judge::allowed;
use crate::pipeline::judge::decided_at;
use crate::pipeline::judge::judge;
use crate::pipeline::judge::judge_at;
use crate::pipeline::signals;
use crate::pipeline::versions;
use crate::proposal::License;
use crate::proposal::Proposal;
use crate::proposal::Versions;
use crate::ticket::Conversation;

/// How an answer begins.
#[derive(Debug)]
pub enum Begun<'a> {
    /// It is there, and was decided about as a whole.
    Whole(Box<Proposal>),
    /// A model words it.
    Telling(Box<Telling<'a>>),
}

impl Pipeline {
    /// Begins to answer a conversation's open question: as a whole where no model is asked,
    /// else piece by piece.
    ///
    /// # Errors
    /// As for [`Pipeline::prepare`].
    pub async fn begin(
        &self,
        conversation: &Conversation,
        context: &Context,
        circumstances: &Circumstances,
    ) -> Result<Begun<'_>, PrepareError> {
        let Drafter::Generative(model) = &self.drafter else {
            let whole = self.prepare(conversation, context, circumstances).await?;
            return Ok(Begun::Whole(Box::new(whole)));
        };
        let span = tracing::info_span!("ticket", conversation = conversation.id);
        self.begin_with(model, conversation, context, circumstances).instrument(span).await
    }

    async fn begin_with<'a>(
        &'a self,
        model: &'a Arc<Generative>,
        conversation: &Conversation,
        context: &Context,
        circumstances: &Circumstances,
    ) -> Result<Begun<'a>, PrepareError> {
        let team = self.teams.get(&context.scope.brand).cloned();
        let versions = versions::of(&self.index, &self.embedder, &self.stages, context);
        let versions = versions::with_team(versions, team.as_deref());
        let read = self.read(conversation.clone(), circumstances.clone(), team).await?;
        let (scoped, plain) = (context.clone(), versions.clone());
        let writer = Arc::clone(model);
        let gating = move || {
            let mut found = read(&scoped.scope)?;
            let settled = signals::is_settled(&found.ticket, &found.triage, &found.circumstances);
            let draft = compose(&mut found);
            let gate = judged_lowest(found.clone(), draft, &scoped, plain.clone());
            // A person answers or nobody does, whatever a model would say of it.
            let is_whole = settled || gate.decision != Decision::Send;
            let whole = |gate: Proposal| {
                let (set, license) = allowed(&scoped, &plain, &gate.triage.stage.id);
                decided_at(gate, set, license)
            };
            let gate = if is_whole {
                Err(whole(gate))
            } else {
                let asking = writer.asking(&gate.ticket, &gate.articles, &gate.draft);
                Ok((gate, asking))
            };
            Ok::<_, PrepareError>((found, gate))
        };
        let (found, gate) = self.on_cpu(gating).await??;
        let (gate, asking) = match gate {
            Ok(gate) => gate,
            Err(whole) => return Ok(Begun::Whole(Box::new(whole))),
        };
        let asking = match asking {
            Ok(asking) => asking,
            Err(failure) => {
                let whole = self.instead(found, gate.draft, context, versions, failure).await?;
                return Ok(Begun::Whole(Box::new(whole)));
            }
        };
        let telling = Telling::new(self, model, (found, gate), context, versions, asking);
        Ok(Begun::Telling(Box::new(telling)))
    }

    /// The composed reply in place of one that no model began. It was decided about as it
    /// stands; but a certificate is a promise about what models word.
    pub(super) async fn instead(
        &self,
        found: Understood,
        composed: Draft,
        context: &Context,
        versions: Versions,
        failure: impl std::fmt::Display,
    ) -> Result<Proposal, PrepareError> {
        let failure = failure.to_string();
        tracing::warn!(failure, "a composed reply stands in for one no model worded");
        let written_by = match &context.authority {
            Authority::AsSet => Writer::Extractive,
            Authority::Certified(_) => Writer::Fallback(failure),
        };
        let (draft, context) = (Draft { written_by, ..composed }, context.clone());
        self.on_cpu(move || judge(found, draft, &context, versions)).await
    }
}

/// Judged as if any draft might be sent that people may be shown.
fn judged_lowest(
    found: Understood,
    draft: Draft,
    context: &Context,
    versions: Versions,
) -> Proposal {
    let set = context.policy.thresholds(context.thresholds, &found.triage.stage.id);
    let lowest = Thresholds { send_from: Some(set.suggest_from), ..set };
    judge_at(found, draft, context, versions, lowest, License::default())
}
