//! Which values settings may have, and which contradict each other. Every
//! message names the key, the value and what is allowed.

use anyhow::bail;
use anyhow::ensure;
use tracing_subscriber::EnvFilter;

use crate::config::Answer;
use crate::config::Connection;
use crate::config::Embedder;
use crate::config::EmbedderKind;
use crate::config::Settings;
use crate::embed::MAX_NUMBERS;

impl Settings {
    /// Checks ranges, and settings that contradict each other.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let listen = &self.server.listen;
        let port = listen.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        ensure!(
            port.is_some(),
            "server.listen is {listen}; it must be a host and a port, as 127.0.0.1:8080"
        );
        within("server.max_body_bytes", self.server.max_body_bytes, 1024, 16 << 20)?;
        within("server.request_timeout_s", self.server.request_timeout_s, 1, 60)?;
        within("server.drain_s", self.server.drain_s, 1, 120)?;
        within("inbox.max_waiting", self.inbox.max_waiting, 1, 10_000_000)?;
        within("inbox.quiet_chat_s", self.inbox.quiet_chat_s, 0.0, 600.0)?;
        within("inbox.quiet_mail_s", self.inbox.quiet_mail_s, 0.0, 600.0)?;
        within("inbox.quiet_chat_cap_s", self.inbox.quiet_chat_cap_s, 0.0, 3600.0)?;
        within("inbox.quiet_mail_cap_s", self.inbox.quiet_mail_cap_s, 0.0, 3600.0)?;
        within("worker.concurrency", self.worker.concurrency, 1, 256)?;
        within("worker.lease_s", self.worker.lease_s, 5, 600)?;
        within("worker.max_attempts", self.worker.max_attempts, 1, 100)?;
        within("worker.max_panics", self.worker.max_panics, 1, 10)?;
        within("worker.settle_s", self.worker.settle_s, 1, 3600)?;
        within("sweep.every_s", self.sweep.every_s, 5, 86_400)?;
        within("sweep.overlap_s", self.sweep.overlap_s, 0, 86_400)?;
        within("answer.suggest_from", self.answer.suggest_from, 0.0, 1.0)?;
        within("answer.send_from", self.answer.send_from, 0.0, 1.0)?;
        within("answer.grounded_from", self.answer.grounded_from, 0.0, 1.0)?;
        within("answer.max_in_a_row", self.answer.max_in_a_row, 1, 20)?;
        within("answer.max_per_conversation", self.answer.max_per_conversation, 1, 100)?;
        within("answer.max_per_day", self.answer.max_per_day, 0, 1_000_000)?;
        within("website.max_pages", self.website.max_pages, 1, 100_000)?;
        within("website.max_depth", self.website.max_depth, 0, 50)?;
        within("website.concurrency", self.website.concurrency, 1, 16)?;
        let Answer { suggest_from, send_from, .. } = self.answer;
        ensure!(
            suggest_from <= send_from,
            "answer.send_from is {send_from}, but drafts are suggested only from {suggest_from}; \
             lower answer.suggest_from or raise answer.send_from"
        );
        let filter = &self.log.filter;
        if let Err(error) = EnvFilter::try_new(filter) {
            bail!("log.filter is {filter}: {error}; it must be as info or deskhand=debug,warn");
        }
        self.guard.check()?;
        self.model.check()?;
        self.hours.check()?;
        self.handover.check()?;
        self.policy.check(&self.hours)?;
        self.guarantee.check()?;
        self.embedder.check()?;
        self.api.check()?;
        self.connections.iter().try_for_each(|(name, it)| it.check(name))
    }
}

impl Embedder {
    fn check(&self) -> anyhow::Result<()> {
        let dimensions = self.dimensions;
        ensure!(
            dimensions == 0 || (8..=MAX_NUMBERS).contains(&dimensions),
            "embedder.dimensions is {dimensions}; it must be 8 to {MAX_NUMBERS}, or 0"
        );
        within("embedder.batch", self.batch, 1, 64)?;
        within("embedder.concurrency", self.concurrency, 1, 16)?;
        within("embedder.max_tokens", self.max_tokens, 64, 8192)?;
        within("embedder.timeout_s", self.timeout_s, 1, 120)?;
        within("embedder.question_timeout_ms", self.question_timeout_ms, 50, 10_000)?;
        for code in &self.languages {
            ensure!(
                code.len() == 2 && code.bytes().all(|it| it.is_ascii_lowercase()),
                "embedder.languages has `{code}`; it must be codes such as en"
            );
        }
        match self.kind {
            EmbedderKind::Endpoint => ensure!(
                !self.base_url.is_empty() && !self.model.is_empty(),
                "embedder.kind is endpoint; set embedder.base_url and embedder.model"
            ),
            EmbedderKind::Transformer => ensure!(
                !self.folder.as_os_str().is_empty(),
                "embedder.kind is transformer; set embedder.folder to where its files are"
            ),
            // Settings of another kind may stay where they are while it is tried.
            EmbedderKind::Table | EmbedderKind::None => {}
        }
        Ok(())
    }
}

impl Connection {
    fn check(&self, name: &str) -> anyhow::Result<()> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(is_plain) {
            bail!(
                "connections.{name}: a connection's name is part of an address; \
                 use letters, digits, - and _"
            );
        }
        within(&format!("connections.{name}.quiet_s"), self.quiet_s.unwrap_or(0.0), 0.0, 600.0)
    }
}

pub(super) fn within<T: PartialOrd + std::fmt::Display>(
    key: &str,
    value: T,
    least: T,
    most: T,
) -> anyhow::Result<()> {
    ensure!(least <= value && value <= most, "{key} is {value}; it must be {least} to {most}");
    Ok(())
}
