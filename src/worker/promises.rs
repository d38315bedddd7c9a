//! Promises while the worker runs: certificates pause and go on, and the operator hears
//! of one that has ended.

use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;

use crate::guarantee;
use crate::store::certificates;
use crate::worker::Worker;

/// How often it is looked whether certificates have to pause. (Guessed: what makes them
/// pause takes days.)
const LOOK_EVERY_MS: i64 = 60_000;

impl Worker {
    /// Looks after the certificates. Whatever fails is tried at the next look.
    pub(super) async fn watch_promises(&self) {
        let now_ms = self.clock.now_ms();
        let is_due = self.promises_looked_ms.load(Ordering::Relaxed) + LOOK_EVERY_MS <= now_ms;
        let looking = self.store.read(move |it| {
            let pauses = if is_due { guarantee::pauses(it, now_ms)? } else { Vec::new() };
            Ok((pauses, certificates::has_untold(it)?))
        });
        let Ok((pauses, has_untold)) = looking.await else { return };
        if is_due {
            self.promises_looked_ms.store(now_ms, Ordering::Relaxed);
        }
        if pauses.is_empty() && !has_untold {
            return;
        }
        for (certificate, why) in &pauses {
            match why {
                Some(why) => tracing::warn!(certificate, why, "automatic replies pause"),
                None => tracing::info!(certificate, "automatic replies go on"),
            }
        }
        let ended = self.store.write(move |it| {
            for (id, why) in &pauses {
                certificates::pause(it, id, why.as_deref())?;
            }
            certificates::to_tell(it)
        });
        for (connection, why) in ended.await.unwrap_or_default() {
            tracing::error!(
                connection,
                why,
                "automatic replies are off: a promise is broken; see `deskhand certificate`"
            );
            metrics::counter!("deskhand_promises_broken_total").increment(1);
            self.post_alert(json!({
                "kind": "promise_broken",
                "connection": connection,
                "why": why,
            }));
        }
    }

    /// Posts to the address in the settings, if there is one, and waits for nobody.
    pub(super) fn post_alert(&self, alert: Value) {
        let Some(url) = self.pace.alert_url.clone() else {
            return;
        };
        let request = self.http.post(url).json(&alert);
        self.tasks.spawn(async move {
            if let Err(error) = request.send().await {
                tracing::warn!(error = %error.without_url(), "the alert address could not be told");
            }
        });
    }
}
