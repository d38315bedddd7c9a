//! `deskhand certificate`: what is promised about wrong automatic replies and for what it
//! holds, how many labels are missing, and a new one.

use std::io::Write;

use anyhow::bail;
use anyhow::ensure;
use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::certify::Certificate;
use crate::certify::Line;
use crate::certify::Of;
use crate::certify::Promise;
use crate::clock::Clock;
use crate::config::Settings;
use crate::guarantee;
use crate::guarantee::Audits;
use crate::guarantee::RISK;
use crate::guarantee::Sample;
use crate::guarantee::Terms;
use crate::store::Store;
use crate::store::certificates;
use crate::store::labels;

/// Examples:
///   deskhand certificate                     what holds, and what is missing
///   deskhand certificate make                promise what the settings ask for
///   deskhand certificate make --limit 0.02   at most 2 % instead
///   deskhand certificate make --dry-run      show only
///
/// Each connection, and each caller of the API, has a certificate of its own.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct CertificateArgs {
    #[command(subcommand)]
    command: Option<CertificateCommand>,
    /// Of this connection [default: all, or the only one]
    #[arg(long, global = true, value_name = "NAME")]
    connection: Option<String>,
    /// One JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum CertificateCommand {
    /// What is promised and for what it holds
    Show,
    /// Makes a certificate of what people have judged
    Make {
        /// At most this share is wrong, instead of `guarantee.limit`
        #[arg(long)]
        limit: Option<f64>,
        /// Show it and keep nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Shows or makes.
///
/// # Errors
/// If the store cannot be read or written, or no promise can be made.
pub async fn run(
    args: &CertificateArgs,
    settings: &Settings,
    store: &Store,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let names = connections(settings, args.connection.as_deref())?;
    match &args.command {
        None | Some(CertificateCommand::Show) => {
            let mut all = Vec::new();
            for name in names {
                all.push(standing(store, settings, &name).await?);
            }
            if args.json {
                let all: Vec<Value> = all.iter().map(Standing::to_json).collect();
                writeln!(out, "{}", json!({ "connections": all }))?;
                return Ok(());
            }
            all.iter().try_for_each(|it| Ok(it.show(out)?))
        }
        Some(CertificateCommand::Make { limit, dry_run }) => {
            let [name] = names.as_slice() else {
                bail!("there are {} connections; name one with --connection", names.len());
            };
            let limit = limit.unwrap_or(settings.guarantee.limit);
            ensure!(0.0 < limit && limit < 1.0, "--limit is {limit}; it must be between 0 and 1");
            let mut standing = standing(store, settings, name).await?;
            let made = make(store, settings, &standing.sample, name, limit).await?;
            let allows_any = made.allows_any();
            if allows_any && !dry_run {
                let kept = made.clone();
                store.write(move |it| certificates::keep(it, &kept)).await?;
            }
            let kept = allows_any && !dry_run;
            if !allows_any && !args.json {
                groups(&made, "possible", out)?;
            }
            standing.certificate = Some((made, None));
            standing.audits = None;
            if args.json {
                let made = json!({ "kept": kept, "certificate": standing.to_json() });
                writeln!(out, "{made}")?;
            } else if allows_any {
                standing.show(out)?;
            }
            ensure!(
                allows_any,
                "no promise of {:.1} % can be made yet; nothing was kept",
                limit * 100.0
            );
            Ok(())
        }
    }
}

/// The connections and callers of the settings, or the one that was named.
pub(super) fn connections(settings: &Settings, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let all = settings.connections.keys().chain(settings.api.callers.keys());
    let names: Vec<String> =
        all.filter(|it| only.is_none_or(|only| only == *it)).cloned().collect();
    if let (Some(only), true) = (only, names.is_empty()) {
        bail!("there is no connection {only} in the settings, nor a caller of the API");
    }
    Ok(names)
}

async fn make(
    store: &Store,
    settings: &Settings,
    sample: &Sample,
    name: &str,
    limit: f64,
) -> anyhow::Result<Certificate> {
    let promise = Promise { of: settings.guarantee.of, limit, risk: RISK };
    let terms = Terms {
        connection: name.to_owned(),
        promise,
        share: settings.guarantee.sample,
        by_stage: settings.guarantee.by_stage,
    };
    let (sample, now_ms) = (sample.clone(), Clock::System.now_ms());
    Ok(store.read(move |it| guarantee::make(it, &terms, &sample, now_ms)).await?)
}

/// How things stand with the promise of one connection.
struct Standing {
    name: String,
    sample: Sample,
    /// The certificate there is, and why it does not hold now.
    certificate: Option<(Certificate, Option<String>)>,
    /// What was judged since.
    audits: Option<Audits>,
    n_reopened: u64,
    /// What could be promised now.
    possible: Certificate,
}

async fn standing(store: &Store, settings: &Settings, name: &str) -> anyhow::Result<Standing> {
    let (wanted, share) = (name.to_owned(), settings.guarantee.sample);
    let (sample, kept, n_reopened) = store
        .read(move |it| {
            let sample = guarantee::sample(it, &wanted, share)?;
            let n_reopened = labels::n_reopened(it, &wanted, sample.from_ms)?;
            Ok((sample, certificates::newest(it, &wanted)?, n_reopened))
        })
        .await?;
    let possible = make(store, settings, &sample, name, settings.guarantee.limit).await?;
    let kept = kept.transpose().ok().flatten();
    let audits = match &kept {
        Some(kept) => {
            let certificate = kept.certificate.clone();
            Some(store.read(move |it| guarantee::audits(it, &certificate)).await?)
        }
        None => None,
    };
    let certificate = kept.map(|it| (it.certificate, it.broken.or(it.paused)));
    Ok(Standing { name: name.to_owned(), sample, certificate, audits, n_reopened, possible })
}

impl Standing {
    fn to_json(&self) -> Value {
        let audits = self.audits.map(|it| {
            json!({ "n": it.n, "wrong": it.n_wrong, "waiting": it.n_waiting, "evidence": it.ln_evidence.exp() })
        });
        json!({
            "connection": self.name,
            "judged": { "tickets": self.sample.judged.len(), "labels": self.sample.n_labels },
            "waiting": self.sample.waiting.len(),
            "reopened": self.n_reopened,
            "certificate": self.certificate.as_ref().map(|(it, _)| it),
            "withheld": self.certificate.as_ref().and_then(|(_, why)| why.as_ref()),
            "audits": audits,
            "possible": self.possible.groups,
        })
    }

    fn show(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "{}", self.name)?;
        let Sample { judged, n_labels, waiting, n_behind, .. } = &self.sample;
        writeln!(
            out,
            "  judged       {} tickets in a row, {n_labels} of them by people; {} wait (`deskhand label`)",
            judged.len(),
            waiting.len()
        )?;
        if 0 < *n_behind {
            writeln!(
                out,
                "               {n_behind} more count once those before them are judged"
            )?;
        }
        if 0 < self.n_reopened {
            writeln!(
                out,
                "  hints        customers came back after {} replies: worth a look, not counted",
                self.n_reopened
            )?;
        }
        let Some((certificate, withheld)) = &self.certificate else {
            writeln!(out, "  certificate  none: drafts are suggested")?;
            return groups(&self.possible, "possible", out);
        };
        writeln!(out, "  promise      {}", promised(certificate.promise))?;
        groups(certificate, "line", out)?;
        if let Some(why) = withheld {
            writeln!(out, "  withheld     {why}")?;
        }
        if let Some(audits) = self.audits {
            let Audits { n, n_wrong, n_waiting, .. } = audits;
            writeln!(
                out,
                "  since then   {n} looked at, {n_wrong} wrong; {n_waiting} replies wait"
            )?;
        }
        let made = jiff::Timestamp::from_millisecond(certificate.made_ms).unwrap_or_default();
        writeln!(out, "  made         {made:.0} ({})", certificate.id)?;
        let basis = certificate.basis.iter().filter(|(_, value)| !value.is_empty());
        let basis: Vec<String> = basis.map(|(name, value)| format!("{name} {value}")).collect();
        writeln!(out, "  holds for    {}", basis.join(", "))
    }
}

fn promised(promise: Promise) -> String {
    let percent = promise.limit * 100.0;
    let sure = (1.0 - promise.risk) * 100.0;
    match promise.of {
        Of::Tickets => format!(
            "with {sure:.0} % confidence, at most {percent} % of all tickets get a wrong automatic reply"
        ),
        Of::Replies => {
            format!(
                "with {sure:.0} % confidence, at most {percent} % of the automatic replies are wrong"
            )
        }
    }
}

pub(super) fn groups(
    certificate: &Certificate,
    what: &str,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let several = 1 < certificate.groups.len();
    for group in &certificate.groups {
        let whose = match &group.name {
            Some(name) => format!("stage {name}: "),
            None if several => "other stages: ".to_owned(),
            None => String::new(),
        };
        let Line { n, n_sent, n_wrong, bound, .. } = group.line;
        let said = match (group.line.send_from, group.line.n_missing) {
            (Some(send_from), _) => format!(
                "sent from {send_from:.3}; {n} judged, {n_sent} above the line, {n_wrong} of them wrong, \
                 bound {:.2} %",
                bound * 100.0
            ),
            (None, Some(n_missing)) => format!(
                "{n} judged; at least {n_missing} more needed for {} %",
                certificate.promise.limit * 100.0
            ),
            (None, None) => format!(
                "{n} judged; more labels do not help, too many are wrong for {} %",
                certificate.promise.limit * 100.0
            ),
        };
        writeln!(out, "  {what:<12} {whose}{said}")?;
    }
    Ok(())
}
