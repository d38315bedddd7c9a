//! What the demo prints of a ticket for people to read. Says only what the
//! helpdesk and the store hold.

use std::io;
use std::io::Write;

use crate::cli::demo::desk::Entry;
use crate::cli::demo::desk::Held;
use crate::cli::demo::desk::Kind;
use crate::cli::demo::desk::Tale;
use crate::cli::demo::desk::Written;
use crate::cli::demo::ledger::Ending;
use crate::cli::demo::ledger::Ruling;
use crate::cli::demo::ledger::Settled;
use crate::text::html;

/// Columns of running text, so that a quoted mail fits a terminal of 100.
const WIDTH: usize = 88;

/// Lines of one message that are shown; the rest is counted. Replies are whole.
const MAX_QUOTED_LINES: usize = 26;

/// Prints one ticket in full.
pub(super) fn ticket(out: &mut dyn Write, title: &str, settled: &Settled) -> io::Result<()> {
    let held = &settled.conversation;
    writeln!(out, "\n── {title}")?;
    let customer = held.messages.iter().find(|it| it.kind == Kind::Customer);
    let name = customer.map_or("nobody", |it| it.author.name.as_str());
    writeln!(out, "   {name}, {}: {}", held.channel, held.subject)?;
    for entry in &held.messages {
        message(out, entry)?;
    }
    writeln!(out, "   ▸ {}", settled.ending())?;
    if let Some(ruling) = settled.decisions.last() {
        match settled.ending() {
            Ending::Sent | Ending::Suggested | Ending::HandedOver(_) => reasons(out, ruling)?,
            Ending::Superseded | Ending::LeftAlone(_) | Ending::Refused(_) | Ending::Dead(_) => {}
        }
    }
    writeln!(out, "     helpdesk now: {}", standing(held))?;
    writeln!(out, "     webhooks: {}", webhooks(held))?;
    writeln!(out, "     inbox: {}", inbox(settled))
}

/// Prints one ticket on one line.
pub(super) fn line(out: &mut dyn Write, title: &str, settled: &Settled) -> io::Result<()> {
    let ruling = settled.decisions.last();
    let confidence =
        ruling.and_then(|it| it.confidence).map_or("   –".to_owned(), |it| format!("{it:.2}"));
    let stage = ruling.map_or("–", |it| it.stage.as_str());
    let subject: String = settled.conversation.subject.chars().take(48).collect();
    let ending = settled.ending().to_string();
    writeln!(out, "   {title:>9}  {ending:<34} {confidence}  {stage:<14} {subject}")
}

/// One message: who wrote, and the text with a bar before it.
fn message(out: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    let (who, text) = match &entry.body {
        Written::Text(text) => (speaker(entry), text.clone()),
        Written::Html(markup) => (speaker(entry), html::to_text(markup)),
    };
    writeln!(out, "   {who}")?;
    let lines = wrapped(text.trim());
    // A public reply is what the demo is about: it is never cut.
    let limit = if entry.is_own() && entry.public { usize::MAX } else { MAX_QUOTED_LINES };
    for line in lines.iter().take(limit) {
        writeln!(out, "     │ {line}")?;
    }
    if limit < lines.len() {
        writeln!(out, "     │ … {} more lines", lines.len() - limit)?;
    }
    Ok(())
}

fn speaker(entry: &Entry) -> String {
    match (entry.kind, entry.is_own(), entry.public) {
        (Kind::Customer, _, _) => "customer writes".to_owned(),
        (Kind::Agent, true, true) => "Deskhand replies".to_owned(),
        (Kind::Agent, true, false) => "Deskhand notes for the team".to_owned(),
        (Kind::Agent, false, _) => format!("{} of the team writes", entry.author.name),
    }
}

fn reasons(out: &mut dyn Write, ruling: &Ruling) -> io::Result<()> {
    let number = |it: Option<f64>| it.map_or("none".to_owned(), |it| format!("{it:.2}"));
    let needed = ruling.send_from.map_or(String::new(), |it| format!(" (to send: {it:.2})"));
    writeln!(
        out,
        "     confidence {}{needed}, weakest sentence backed {}, prepared in {:.1} ms",
        number(ruling.confidence),
        number(ruling.grounding.map(f64::from)),
        ruling.prepare_ms,
    )?;
    let parts: Vec<String> = ruling
        .parts
        .iter()
        .take(3)
        .map(|it| format!("{} {:+.2}", it.feature, it.contribution))
        .collect();
    if !parts.is_empty() {
        writeln!(out, "     made of: {}", parts.join(", "))?;
    }
    writeln!(out, "     stage {}: {}", ruling.stage, ruling.stage_reason)?;
    for line in wrapped(&format!("why: {}", ruling.because)) {
        writeln!(out, "     {line}")?;
    }
    Ok(())
}

/// Status, tags, fields and hand-over as the helpdesk has them.
fn standing(held: &Held) -> String {
    let mut parts = vec![held.status.clone()];
    if !held.tags.is_empty() {
        let tags: Vec<&str> = held.tags.iter().map(String::as_str).collect();
        parts.push(format!("tags {}", tags.join(" ")));
    }
    parts.extend(held.fields.iter().map(|(name, value)| format!("{name} = {value}")));
    if held.handed_over {
        parts.push("handed to the team".to_owned());
    }
    parts.join(", ")
}

/// How each row of the inbox ended.
fn inbox(settled: &Settled) -> String {
    let rows = settled.deliveries.iter().map(|it| {
        let detail = if it.detail.is_empty() { String::new() } else { format!(" ({})", it.detail) };
        let again = if it.repeats == 0 {
            String::new()
        } else {
            format!(", came {} times", it.repeats + 1)
        };
        format!("{}{detail}{again}", it.outcome)
    });
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() { "nothing was stored".to_owned() } else { rows.join("; ") }
}

/// What the helpdesk told Deskhand, with the status it got.
fn webhooks(held: &Held) -> String {
    let told = held.deliveries.iter().map(|it| {
        let what = match it.what {
            Tale::Customer => "customer",
            Tale::Agent => "agent",
            Tale::Echo => "own echo",
            Tale::Duplicate => "duplicate",
            Tale::Forged => "forged",
        };
        format!("{what} {}", it.status)
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Breaks text at spaces; a word longer than a line stays whole.
pub(super) fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut n_chars = 0;
        for word in paragraph.split_whitespace() {
            let n_word = word.chars().count();
            if 0 < n_chars && WIDTH < n_chars + 1 + n_word {
                lines.push(std::mem::take(&mut line));
                n_chars = 0;
            }
            if 0 < n_chars {
                line.push(' ');
                n_chars += 1;
            }
            line.push_str(word);
            n_chars += n_word;
        }
        lines.push(line);
    }
    lines
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ending::Sent => f.write_str("SENT to the customer"),
            Ending::Suggested => f.write_str("SUGGESTED to the agent"),
            Ending::HandedOver(reason) => write!(f, "HANDED OVER: {reason}"),
            Ending::Superseded => f.write_str("STOOD DOWN: superseded"),
            Ending::LeftAlone(why) => write!(f, "LEFT ALONE: {why}"),
            Ending::Refused(status) => write!(f, "REFUSED at the door: {status}"),
            Ending::Dead(why) => write!(f, "DEAD: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_at_spaces_and_blank_lines_stay() {
        let text = format!("{}\n\nend", "word ".repeat(40));
        let lines = wrapped(&text);
        assert!(lines.iter().all(|it| it.chars().count() <= WIDTH));
        assert_eq!(lines.iter().filter(|it| it.is_empty()).count(), 1);
        assert_eq!(lines.last().unwrap(), "end");
    }

    #[test]
    fn a_word_longer_than_a_line_stays_whole() {
        let word = "x".repeat(300);
        assert_eq!(wrapped(&word), std::slice::from_ref(&word));
        assert!(wrapped("").is_empty());
    }
}
