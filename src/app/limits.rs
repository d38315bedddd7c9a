//! What no reply of this installation may hold, as the settings have it.

use crate::config::Settings;
use crate::guard;
use crate::guard::Limits;
use crate::guard::Secrets;
use crate::triage;

/// The hosts links may lead to, and every secret the settings name. One that cannot be
/// fetched is missed where it is used.
pub(super) fn limits(settings: &Settings) -> Limits {
    let of_helpdesks = settings.connections.values().flat_map(|it| it.secrets.values());
    let callers = settings.api.callers.values();
    let of_callers = callers.flat_map(|it| [Some(&it.token), it.identity.as_ref()]).flatten();
    let of_models = settings.model.fallbacks.iter().map(|it| &it.api_key);
    let of_models = of_models.chain([&settings.model.api_key, &settings.embedder.api_key]);
    let sources =
        of_helpdesks.chain(of_callers).flat_map(|it| it.iter()).chain(of_models.flatten());
    let secrets = sources.filter_map(|it| it.fetch().ok()).collect();
    Limits { link_hosts: settings.guard.link_hosts.clone(), secrets: Secrets::new(secrets) }
}

/// Checks the compiled-in tables of words.
///
/// # Errors
/// If one of them cannot be used.
pub(super) fn check() -> anyhow::Result<()> {
    triage::check()?;
    guard::check()?;
    Ok(())
}
