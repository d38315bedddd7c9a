//! `deskhand ask`: one question through `prepare()`, and everything behind the
//! answer. Nothing is written anywhere but, by the caller, what models cost.

use std::io::Write;

use anyhow::ensure;
use clap::Args;

use crate::clock::Clock;
use crate::decide::Decision;
use crate::draft;
use crate::draft::Writer;
use crate::ingest::DEFAULT_BRAND;
use crate::pipeline::Circumstances;
use crate::pipeline::Context;
use crate::pipeline::Pipeline;
use crate::proposal;
use crate::proposal::Proposal;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;

/// Examples:
///   deskhand ask "How do I reset my password?"
///   deskhand ask --brand acme --subject "Invoice" "Where do I find it?" --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct AskArgs {
    /// What a customer would write
    question: String,
    /// The subject line, if it came with one
    #[arg(long, default_value = "")]
    subject: String,
    /// Whose knowledge answers. Without it: the only connection's brand, or the only one
    /// there is knowledge of
    #[arg(long)]
    brand: Option<String>,
    /// One JSON object on standard output: the whole proposal
    #[arg(long)]
    json: bool,
}

impl AskArgs {
    /// Whose knowledge answers, where there is knowledge of `known` brands.
    ///
    /// # Errors
    /// If nothing is known of that one: every question would come to nothing.
    pub fn brand(&self, connected: Option<String>, known: &[String]) -> anyhow::Result<String> {
        let only = || if let [only] = known { Some(only.clone()) } else { None };
        let named = self.brand.clone().or(connected).or_else(only);
        let brand = named.unwrap_or_else(|| DEFAULT_BRAND.to_owned());
        ensure!(
            known.is_empty() || known.contains(&brand),
            "nothing was ingested for the brand {brand}; name one of these with --brand: {}",
            known.join(", ")
        );
        Ok(brand)
    }
}

/// Asks and prints.
///
/// # Errors
/// If the knowledge cannot be searched.
pub async fn run(
    args: &AskArgs,
    pipeline: &Pipeline,
    context: &Context,
    clock: &Clock,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let author = Author { kind: AuthorKind::Customer, id: None, name: None, email: None };
    let message = Message {
        id: "question".to_owned(),
        at: None,
        author,
        public: true,
        body: Body::Text(args.question.clone()),
        headers: Vec::new(),
    };
    let conversation = Conversation {
        id: "ask".to_owned(),
        subject: (!args.subject.is_empty()).then(|| args.subject.clone()),
        messages: vec![message],
        ..Conversation::default()
    };
    let now = Circumstances::at(clock.now());
    let proposal = pipeline.prepare(&conversation, context, &now).await?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&proposal)?)?;
        return Ok(());
    }
    Ok(show(&proposal, out)?)
}

fn show(proposal: &Proposal, out: &mut dyn Write) -> std::io::Result<()> {
    let decision = match proposal.decision {
        Decision::Send => "send",
        Decision::Suggest => "suggest to an agent",
        Decision::Escalate(_) => "hand over to a person",
        Decision::StandDown(_) => "answer nobody",
    };
    writeln!(out, "decision    {decision}: {}", proposal.handoff.reason)?;
    let stage = &proposal.triage.stage;
    writeln!(out, "stage       {} ({})", stage.id, stage.reason)?;
    for flag in &proposal.triage.flags {
        writeln!(out, "flag        {:?}: {}", flag.kind, flag.reason)?;
    }
    let language = proposal.ticket.language.as_deref().unwrap_or("not clear");
    writeln!(out, "language    {language}")?;
    let probability = proposal.confidence.probability;
    if probability.is_nan() {
        writeln!(out, "confidence  none: there is nothing to be sure of")?;
    } else {
        writeln!(out, "confidence  {probability:.2}")?;
        for part in &proposal.confidence.parts {
            let (adds, name, value) = (part.contribution, &part.feature, part.value);
            writeln!(out, "            {adds:+.2}  {name} = {value:.2}")?;
        }
        writeln!(out, "grounding   {:.2} (weakest sentence)", proposal.verdict.grounding)?;
    }
    let writer = match &proposal.draft.written_by {
        Writer::Extractive => "from the passages' own sentences".to_owned(),
        Writer::Model(name) => format!("by {name}"),
        Writer::Fallback(why) => format!("from the passages' own sentences, because {why}"),
    };
    if !proposal.draft.sentences.is_empty() {
        // Where a person takes over it is no reply, whatever it cites.
        let whose = if proposal.reply().is_some() { "" } else { ", for a person's eyes only" };
        writeln!(out, "draft       {writer}{whose}")?;
        writeln!(out, "\n{}", draft::wording(&proposal.draft).text)?;
        for stale in proposal::stale(&proposal.draft, &proposal.articles) {
            let (passage, answer, ticket) = (&stale.passage, &stale.answer, &stale.ticket);
            writeln!(out, "\nstale       “{passage}”\n            ticket {ticket}: “{answer}”")?;
        }
    }
    if 0 < proposal.spent.n_calls {
        writeln!(out, "\ncost        {}", proposal.spent)?;
    }
    for (name, value) in proposal::verified(proposal) {
        writeln!(out, "\n{:<11} {value}", name.to_lowercase())?;
    }
    let total: f64 = proposal.timings.iter().map(|(_, ms)| ms).sum();
    let steps: Vec<String> =
        proposal.timings.iter().map(|(step, ms)| format!("{step} {ms:.1}")).collect();
    writeln!(out, "\n{total:.1} ms: {}", steps.join(", "))
}
