//! From a draft to a proposal: the steps verify, guard, confidence and decide, the same
//! for whoever wrote it and whether it is judged whole or told piece by piece.

use super::Understood;
use super::authority;
use super::signals;
use super::signals::Judged;
use super::step;
use crate::confidence;
use crate::confidence::Features;
use crate::decide;
use crate::decide::Decision;
use crate::decide::Thresholds;
use crate::draft::Draft;
use crate::guard;
use crate::llm::Spent;
use crate::pipeline::Context;
use crate::proposal;
use crate::proposal::License;
use crate::proposal::Proposal;
use crate::proposal::Versions;
use crate::retrieve::Retrieved;
use crate::verify;
use crate::verify::Verdict;

/// Verify, guard, confidence, decide.
pub(super) fn judge(
    found: Understood,
    draft: Draft,
    context: &Context,
    versions: Versions,
) -> Proposal {
    let (thresholds, license) = allowed(context, &versions, &found.triage.stage.id);
    judge_at(found, draft, context, versions, thresholds, license)
}

/// How sure a draft must be that was made with `versions`, and whose word that is.
pub(super) fn allowed(
    context: &Context,
    versions: &Versions,
    stage: &str,
) -> (Thresholds, License) {
    let (thresholds, license) = context.authority.thresholds(context.thresholds, versions, stage);
    (context.policy.thresholds(thresholds, stage), license)
}

/// The same under thresholds that are given.
pub(super) fn judge_at(
    found: Understood,
    draft: Draft,
    context: &Context,
    versions: Versions,
    thresholds: Thresholds,
    license: License,
) -> Proposal {
    let Understood { ticket, triage, retrieved, model, circumstances, mut timings } = found;
    let (draft, mut verdict) =
        step("verify", &mut timings, || verify::verify_and_trim(draft, &retrieved.articles));
    let (draft, guarded) = step("guard", &mut timings, || {
        let Retrieved { articles, past_tickets, .. } = &retrieved;
        guard::guard(draft, &ticket, articles, past_tickets, &context.limits)
    });
    let removed = guard::told(std::mem::take(&mut verdict.removed), &context.limits);
    let verdict = if guarded.blocks.is_empty() {
        Verdict { removed, ..verdict }
    } else {
        // A verdict's places are those of the sentences. Whoever said the opposite of a
        // source stays one who did.
        let contradicted = verdict.contradicted;
        let rest = verify::verify(&draft, &retrieved.articles);
        Verdict { removed, contradicted: contradicted || rest.contradicted, ..rest }
    };
    let confidence = step("confidence", &mut timings, || {
        let (ticket, triage, retrieved) = (&ticket, &triage, &retrieved);
        let (draft, verdict) = (&draft, &verdict);
        let found = confidence::Found { ticket, triage, retrieved, draft, verdict };
        confidence::confidence(&Features::of(found), &model)
    });
    let probability = confidence.probability;
    let judged =
        Judged { draft: &draft, verdict: &verdict, guarded: &guarded, probability, thresholds };
    let signals = signals::signals(&ticket, &triage, &retrieved, &judged, context, &circumstances);
    let decision = step("decide", &mut timings, || decide::decide(&signals, thresholds));
    let because = decide::because(&signals, thresholds);
    let handoff = proposal::handoff(
        &ticket,
        &triage,
        &retrieved.articles,
        &draft,
        decision,
        &because,
        (&signals, thresholds),
    );
    let proposal = Proposal {
        ticket,
        triage,
        articles: retrieved.articles,
        past_tickets: retrieved.past_tickets,
        draft,
        verdict,
        guarded,
        confidence,
        signals,
        thresholds,
        license,
        decision,
        because,
        handoff,
        versions,
        spent: Spent::default(),
        timings,
    };
    with_reason(proposal)
}

/// A proposal decided about anew, under other thresholds.
pub(super) fn decided_at(proposal: Proposal, thresholds: Thresholds, license: License) -> Proposal {
    let Proposal { ticket, triage, articles, draft, signals, .. } = &proposal;
    let decision = decide::decide(signals, thresholds);
    let because = decide::because(signals, thresholds);
    let numbers = (signals, thresholds);
    let handoff = proposal::handoff(ticket, triage, articles, draft, decision, &because, numbers);
    with_reason(Proposal { decision, because, handoff, thresholds, license, ..proposal })
}

/// Where a draft is suggested because no certificate lets it out, people are told that.
fn with_reason(mut proposal: Proposal) -> Proposal {
    if let (Decision::Suggest, License::Withheld(lapse)) = (proposal.decision, &proposal.license) {
        proposal.handoff.reason = authority::sentence(lapse);
    }
    proposal
}
