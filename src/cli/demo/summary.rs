//! The demo's closing figures: decisions by kind, times, memory, and three
//! checks of what customers were sent.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::io::Write;

use serde::Serialize;

use crate::cli::demo::desk::Tale;
use crate::cli::demo::ledger::Ending;
use crate::cli::demo::ledger::Settled;

/// Figures over all tickets of a run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Summary {
    pub(super) tickets: usize,
    /// How many tickets ended in each way.
    pub(super) endings: BTreeMap<String, usize>,
    /// Webhooks by kind, and how they were answered: `customer 202` → 14.
    pub(super) webhooks: BTreeMap<String, usize>,
    pub(super) public_replies: usize,
    /// Customer messages that got more than one public reply. Must be 0.
    pub(super) answered_twice: usize,
    /// Sentences of internal pages in public replies. Must be 0.
    pub(super) internal_sentences: usize,
    /// Public replies after an agent's message. Must be 0.
    pub(super) talked_over: usize,
    /// Of `prepare()`, over all decisions; `None` if there were none.
    pub(super) prepare_p50_ms: Option<f64>,
    pub(super) prepare_p99_ms: Option<f64>,
    pub(super) ingest_s: f64,
    pub(super) total_s: f64,
    /// `None` where the system does not tell.
    pub(super) peak_memory_mb: Option<f64>,
}

/// How long the two parts of a run took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) ingest_s: f64,
    pub(super) total_s: f64,
}

impl Summary {
    /// Figures over `all`. `internal` is the text that no customer may read.
    pub(super) fn of(all: &[Settled], internal: &str, times: Times) -> Summary {
        let mut endings = BTreeMap::new();
        let mut webhooks = BTreeMap::new();
        for settled in all {
            *endings.entry(kind(&settled.ending())).or_insert(0) += 1;
            for told in &settled.conversation.deliveries {
                *webhooks.entry(format!("{} {}", tale(told.what), told.status)).or_insert(0) += 1;
            }
        }
        let mut prepare_ms: Vec<f64> =
            all.iter().flat_map(|it| &it.decisions).map(|it| it.prepare_ms).collect();
        prepare_ms.sort_by(f64::total_cmp);
        Summary {
            tickets: all.len(),
            endings,
            webhooks,
            public_replies: all.iter().map(|it| it.conversation.replies().count()).sum(),
            answered_twice: all.iter().filter(|it| is_answered_twice(it)).count(),
            internal_sentences: n_leaks(all, internal),
            talked_over: all.iter().filter(|it| talks_over(it)).count(),
            prepare_p50_ms: quantile(&prepare_ms, 0.5),
            prepare_p99_ms: quantile(&prepare_ms, 0.99),
            ingest_s: times.ingest_s,
            total_s: times.total_s,
            peak_memory_mb: peak_memory_mb(),
        }
    }

    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n── {} tickets", self.tickets)?;
        for (ending, n) in &self.endings {
            writeln!(out, "   {ending:<40} {n:>5}")?;
        }
        let webhooks: Vec<String> =
            self.webhooks.iter().map(|(what, n)| format!("{n} × {what}")).collect();
        writeln!(out, "   webhooks, with the status they got: {}", webhooks.join(", "))?;
        writeln!(
            out,
            "   {} public replies; messages answered twice: {}; sentences of internal pages in them: {}; \
             replies after an agent's: {}",
            self.public_replies, self.answered_twice, self.internal_sentences, self.talked_over,
        )?;
        let ms = |it: Option<f64>| it.map_or("–".to_owned(), |it| format!("{it:.1} ms"));
        let memory = self.peak_memory_mb.map_or("unknown".to_owned(), |it| format!("{it:.0} MB"));
        writeln!(
            out,
            "   prepare p50 {}, p99 {}; ingest {:.1} s; all {:.1} s; peak memory {memory}",
            ms(self.prepare_p50_ms),
            ms(self.prepare_p99_ms),
            self.ingest_s,
            self.total_s,
        )
    }
}

/// What is known about the right source of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected<'a> {
    Unknown,
    /// One of these articles.
    OneOf(&'a [String]),
    /// The folder has no answer.
    Nothing,
}

/// How often the cited articles were the right ones. Labels are what people
/// linked: an article that is not among them may still answer.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Sources {
    /// Questions whose right articles are known.
    pub(super) labeled: usize,
    /// Of these, how many drafts cited something.
    pub(super) cited: usize,
    /// Of these, how many cited one of the right articles.
    pub(super) cited_right: usize,
    /// Drafts that were sent, with known right articles.
    pub(super) sent: usize,
    pub(super) sent_right: usize,
    /// Questions about something else, and how many of them were answered to the
    /// customer or suggested to the agent.
    pub(super) off_topic: usize,
    pub(super) off_topic_sent: usize,
    pub(super) off_topic_suggested: usize,
}

/// Compares what was cited with what should have been.
pub(super) fn sources(graded: &[(Expected<'_>, &Settled)]) -> Sources {
    let mut sources = Sources::default();
    for (expected, settled) in graded {
        let ending = settled.ending();
        let n = |holds: bool| usize::from(holds);
        match expected {
            Expected::Unknown => {}
            Expected::OneOf(right) => {
                let cited: Vec<&String> =
                    settled.decisions.iter().flat_map(|it| &it.cited_documents).collect();
                let is_right = cited.iter().any(|it| right.contains(it));
                sources.labeled += 1;
                sources.cited += n(!cited.is_empty());
                sources.cited_right += n(is_right);
                sources.sent += n(ending == Ending::Sent);
                sources.sent_right += n(ending == Ending::Sent && is_right);
            }
            Expected::Nothing => {
                sources.off_topic += 1;
                sources.off_topic_sent += n(ending == Ending::Sent);
                sources.off_topic_suggested += n(ending == Ending::Suggested);
            }
        }
    }
    sources
}

impl Sources {
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "   of {} questions with known articles: {} drafts cite something, {} one of those; {} sent, {} with one of those",
            self.labeled, self.cited, self.cited_right, self.sent, self.sent_right,
        )?;
        writeln!(
            out,
            "   of {} questions about something else: {} sent, {} suggested",
            self.off_topic, self.off_topic_sent, self.off_topic_suggested,
        )
    }
}

fn kind(ending: &Ending) -> String {
    match ending {
        Ending::Sent => "sent".to_owned(),
        Ending::Suggested => "suggested".to_owned(),
        Ending::HandedOver(reason) => format!("handed over: {reason}"),
        Ending::Superseded => "superseded".to_owned(),
        Ending::LeftAlone(why) => format!("left alone: {why}"),
        Ending::Refused(status) => format!("refused at the door: {status}"),
        Ending::Dead(_) => "dead".to_owned(),
    }
}

fn tale(what: Tale) -> &'static str {
    match what {
        Tale::Customer => "customer",
        Tale::Agent => "agent",
        Tale::Echo => "own echo",
        Tale::Duplicate => "duplicate",
        Tale::Forged => "forged",
    }
}

/// True if there are more public replies than customer messages to answer.
fn is_answered_twice(settled: &Settled) -> bool {
    let sent = settled.decisions.iter().filter(|it| it.outcome == "sent").count();
    sent < settled.conversation.replies().count()
}

/// True if Deskhand's public reply follows an agent's with no customer between.
fn talks_over(settled: &Settled) -> bool {
    let public: Vec<_> = settled.conversation.messages.iter().filter(|it| it.public).collect();
    public.windows(2).any(|pair| match pair {
        [before, after] => {
            after.is_own() && !before.is_own() && before.author.id.starts_with("agent-")
        }
        _ => false,
    })
}

/// Sentences of five words or more of `internal` that stand in a public reply.
fn n_leaks(all: &[Settled], internal: &str) -> usize {
    let flat = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let replies: Vec<String> =
        all.iter().flat_map(|it| it.conversation.replies()).map(|it| flat(it.body.raw())).collect();
    let sentences = internal.split(['.', '\n']).map(flat).filter(|it| 4 < it.split(' ').count());
    sentences.filter(|it| replies.iter().any(|reply| reply.contains(it.as_str()))).count()
}

/// The value below which a share of sorted values lies (nearest rank).
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The largest resident size this process ever had (`VmHWM`), in millions of bytes.
fn peak_memory_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_a_value_that_was_measured() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile(&values, 0.5), Some(2.0));
        assert_eq!(quantile(&values, 0.99), Some(4.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
