//! The bundled help center of a company that does not exist, its team's internal
//! pages, and its past tickets; written to a folder, to be read like any other.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

/// Whose help center it is.
pub(super) const BRAND: &str = "verdholm";

/// A macro, as `include_str!` takes nothing but a literal.
macro_rules! pages {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("data/", $folder, "/", $name, ".md")))),*]
    };
}

const HELP_CENTER: &[(&str, &str)] = pages!("help-center":
    "cancel-pod-club"
    "change-delivery-address"
    "choose-or-swap-pods"
    "clean-your-planter"
    "connect-planter-to-wifi"
    "discount-codes-and-gift-cards"
    "invoices-and-vat"
    "lamp-does-not-turn-on"
    "lieferzeiten"
    "payment-methods-and-failed-payments"
    "planter-offline-in-app"
    "pod-club-plans"
    "pods-did-not-sprout"
    "pump-is-noisy"
    "refill-water-and-plant-food"
    "reset-planter"
    "reset-your-password"
    "return-an-order"
    "set-up-your-planter"
    "share-your-garden"
    "shipping-times-and-costs"
    "skip-or-pause-pod-club"
    "small-flies-and-mold"
    "status-ring-and-error-codes"
    "track-your-order"
    "two-step-sign-in"
    "update-firmware"
    "warranty"
    "wlan-verbinden"
    "yellow-leaves"
);

/// Pages that only the team may read.
const RUNBOOKS: &[(&str, &str)] = pages!("runbooks":
    "account-takeover"
    "goodwill-credits"
    "pump-batch-2611"
    "retention-offers"
);

const PAST_TICKETS: &str = include_str!("data/past_tickets.jsonl");

/// Writes everything below `folder` and gives the paths to ingest.
///
/// # Errors
/// If the folder cannot be written.
pub(super) fn write(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let help_center = folder.join("help-center");
    let runbooks = folder.join("runbooks");
    let past_tickets = folder.join("past_tickets.jsonl");
    for (home, pages) in [(&help_center, HELP_CENTER), (&runbooks, RUNBOOKS)] {
        fs::create_dir_all(home).with_context(|| format!("making {}", home.display()))?;
        for (name, text) in pages {
            let file = home.join(format!("{name}.md"));
            fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        }
    }
    fs::write(&past_tickets, PAST_TICKETS)
        .with_context(|| format!("writing {}", past_tickets.display()))?;
    Ok(vec![help_center, runbooks, past_tickets])
}

/// The text of all internal pages, to look for it where it must not be.
pub(super) fn internal_text() -> String {
    RUNBOOKS.iter().map(|it| it.1).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_who_may_read_it_by_where_it_stands() {
        assert!(RUNBOOKS.iter().all(|it| it.1.contains("\naudience: internal\n")));
        assert!(HELP_CENTER.iter().all(|it| !it.1.contains("audience: internal")));
    }
}
