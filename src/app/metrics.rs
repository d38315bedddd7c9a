//! What the process counts, for `/metrics`.

use std::sync::Mutex;

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;

/// The process's metrics. There is one recorder a process; several apps in one
/// (tests, the demo) share it.
pub(super) fn handle() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut handle = HANDLE.lock().unwrap_or_else(|it| it.into_inner());
    if let Some(known) = handle.clone() {
        return Ok(known);
    }
    let new = PrometheusBuilder::new().install_recorder().context("installing the metrics")?;
    *handle = Some(new.clone());
    Ok(new)
}
