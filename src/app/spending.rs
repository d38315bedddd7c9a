//! What models cost, kept in the store as it is spent, so that a restart does not
//! forget it; and who is told, once a day, that the limit is near and that it is
//! reached.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Clock;
use crate::config::Settings;
use crate::http;
use crate::llm::Level;
use crate::llm::Purse;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::fact;
use crate::store::set_fact;
use crate::store::spending;

/// How often is looked without anything spent here: another process of the same
/// folder may have, and an alert may not have arrived.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The longest the alert address is waited for, also by a process that is told to stop.
/// Guessed.
const ALERT_TIMEOUT: Duration = Duration::from_secs(5);

/// Name of the fact that holds the last day and level that were told.
const TOLD: &str = "model-spending-told";

/// The keeper of the purse.
pub struct Spending {
    purse: Arc<Purse>,
    store: Store,
    http: reqwest::Client,
    /// `None`: only the log and the metric tell.
    alert_url: Option<Url>,
    clock: Clock,
    /// An alert that did not arrive is not tried again before.
    quiet_until_ms: AtomicI64,
}

impl Spending {
    /// With what the store has of today.
    ///
    /// # Errors
    /// If the store cannot be read or alerts.url is no address.
    pub fn open(settings: &Settings, store: &Store, clock: &Clock) -> anyhow::Result<Spending> {
        let purse = Arc::new(Purse::new(settings.model.max_usd_per_day, clock.clone()));
        let today = purse.today();
        let day = today.to_string();
        let total = store.read_now(|it| spending::of(it, &day))?;
        purse.kept(today, 0, total);
        show(&purse);
        Ok(Spending {
            purse,
            store: store.clone(),
            http: http::client(ALERT_TIMEOUT)?,
            alert_url: super::alert_url(settings)?,
            clock: clock.clone(),
            quiet_until_ms: AtomicI64::new(i64::MIN),
        })
    }

    pub fn purse(&self) -> &Arc<Purse> {
        &self.purse
    }

    /// Keeps what is spent until told to stop. What is spent after that is for
    /// [`Spending::settle`].
    pub async fn follow(&self, stop: CancellationToken) {
        loop {
            self.settle().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.purse.spent() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Writes down what was spent, and tells what is to be told.
    pub async fn settle(&self) {
        // Kept in memory all the same, so that the limit holds.
        if let Err(error) = self.write_down().await {
            tracing::warn!(%error, "could not write down what models cost");
        }
        show(&self.purse);
        if let Err(error) = self.tell().await {
            tracing::warn!(%error, "could not look up who was told of what models cost");
        }
    }

    async fn write_down(&self) -> Result<(), StoreError> {
        for (date, usd_micros) in self.purse.unkept() {
            let day = date.to_string();
            let total = self.store.write(move |it| spending::add(it, &day, usd_micros)).await?;
            self.purse.kept(date, usd_micros, total);
        }
        let today = self.purse.today();
        let day = today.to_string();
        let total = self.store.read(move |it| spending::of(it, &day)).await?;
        self.purse.kept(today, 0, total);
        Ok(())
    }

    /// Tells of a level the first time it is reached on a day, whatever was restarted
    /// in between.
    async fn tell(&self) -> Result<(), StoreError> {
        let level = match self.purse.level() {
            Level::Fine => return Ok(()),
            Level::Near => "near",
            Level::Reached => "reached",
        };
        let now_ms = self.clock.now_ms();
        let telling = format!("{} {level}", self.purse.today());
        let told = self.store.read(|it| fact(it, TOLD)).await?;
        // Of what is reached it need not be told that it was near.
        let is_told =
            told.is_some_and(|it| it == telling || it == telling.replace("near", "reached"));
        if is_told || now_ms < self.quiet_until_ms.load(Ordering::Relaxed) {
            return Ok(());
        }
        if self.post(level).await {
            return self.store.write(move |it| set_fact(it, TOLD, &telling)).await;
        }
        let pause_ms = i64::try_from(LOOK_EVERY.as_millis()).unwrap_or(i64::MAX);
        self.quiet_until_ms.store(now_ms.saturating_add(pause_ms), Ordering::Relaxed);
        Ok(())
    }

    /// False if the alert address could not be told.
    async fn post(&self, level: &'static str) -> bool {
        let (spent_usd, max_usd) = (self.purse.spent_usd_today(), self.purse.max_usd());
        tracing::warn!(
            level,
            spent_usd,
            max_usd,
            "what models may cost a day (model.max_usd_per_day); beyond it drafts are composed \
             without them"
        );
        let Some(url) = self.alert_url.clone() else { return true };
        let alert = json!({
            "kind": "model_spending",
            "day": self.purse.today().to_string(),
            "level": level,
            "spent_usd": spent_usd,
            "max_usd": max_usd,
        });
        let posted = self.http.post(url).json(&alert).send().await;
        match posted.and_then(reqwest::Response::error_for_status) {
            Ok(_) => true,
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(%error, "the alert address could not be told; it is tried again");
                false
            }
        }
    }
}

fn show(purse: &Purse) {
    metrics::gauge!("deskhand_model_usd_today").set(purse.spent_usd_today());
}
