//! Who says from which probability on a draft is sent: nobody, the operator, or a
//! certificate that holds for what the draft was made with.

use std::sync::Arc;

use crate::certify::Certificate;
use crate::certify::Lapse;
use crate::decide::Thresholds;
use crate::proposal::License;
use crate::proposal::Versions;

/// Whose word it takes to send a draft.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Authority {
    /// The thresholds as they are set; a number there is the operator's own, and nobody
    /// has measured what it lets through.
    #[default]
    AsSet,
    /// A certificate's, or why there is none. Until it was looked up there is none.
    Certified(Result<Arc<Certificate>, Lapse>),
}

impl Authority {
    /// The thresholds for a ticket of a stage whose draft was made with `versions`, and
    /// what gave them.
    pub(super) fn thresholds(
        &self,
        set: Thresholds,
        versions: &Versions,
        stage: &str,
    ) -> (Thresholds, License) {
        let Authority::Certified(certificate) = self else {
            let license = match set.send_from {
                Some(_) => License::Uncertified,
                None => License::Suggestions,
            };
            return (set, license);
        };
        let allowed = certificate.as_ref().map_err(Lapse::clone).and_then(|it| {
            Ok((it.id.clone(), it.send_from(&versions.basis(), stage)?.max(set.suggest_from)))
        });
        match allowed {
            Ok((id, send_from)) => {
                (Thresholds { send_from: Some(send_from), ..set }, License::Certificate(id))
            }
            Err(lapse) => (Thresholds { send_from: None, ..set }, License::Withheld(lapse)),
        }
    }
}

/// Why a draft is not sent, as a sentence for the team.
pub(super) fn sentence(lapse: &Lapse) -> String {
    let why = lapse.to_string();
    let mut letters = why.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
