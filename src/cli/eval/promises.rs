//! `deskhand eval guarantee`: promises made and looked at again and again.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::answers::Answers;
use super::answers::answers;
use crate::cli::ingest::bar;
use crate::eval::Figures;
use crate::eval::Report;
use crate::eval::guarantee;
use crate::eval::guarantee::Found;
use crate::eval::guarantee::Setting;

#[derive(Debug, Args)]
pub(super) struct GuaranteeArgs {
    /// The folder of labelled questions
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How often each promise is made
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// If the files cannot be read, or the index not be written.
pub(super) async fn guarantee(
    args: &GuaranteeArgs,
    file: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Answers { teams, versions } = answers(&args.data, file, |_| {}).await?;
    let pairs = teams.iter().flat_map(|(_, it)| it).map(|it| (it.judged(), it.took_ms));
    let pairs: Vec<_> = pairs.collect();
    let bar = bar(0, "{bar:30} {pos}/{len} promises, {eta} left");
    let data = args.data.display().to_string();
    let n_runs = args.runs as usize;
    let (report, rows) = guarantee::measure(&pairs, &data, versions, n_runs, |done, n_settings| {
        bar.set_length(n_settings as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
        return Ok(());
    }
    Ok(show(&report, &rows, out)?)
}

fn show(report: &Report, rows: &[(Setting, Found)], out: &mut dyn Write) -> std::io::Result<()> {
    let figure = |figures: Option<&Figures>, name: &str| {
        figures.and_then(|it| it.get(name)).copied().unwrap_or(f64::NAN)
    };
    let all = report.metrics.get("all");
    writeln!(
        out,
        "guarantee on {}, {} questions: {:.3} answered right, AUROC of the confidence {:.3}\n",
        report.data,
        report.n,
        figure(all, "right"),
        figure(all, "auroc")
    )?;
    let (n_runs, allowed) = rows.first().map_or((0, 0.0), |(_, it)| (it.n_runs, it.allowed()));
    writeln!(out, "{n_runs} runs each; broken may be {allowed:.3} of them\n")?;
    writeln!(
        out,
        "{:<27} {:>6} {:>7} {:>8} {:>9} {:>10}   naive: broken, on rest, coverage",
        "at most", "made", "broken", "on rest", "coverage", "of oracle"
    )?;
    for (setting, found) in rows {
        writeln!(
            out,
            "{:<27} {:>6.3} {:>7.3} {:>8.3} {:>9.3} {:>10.3}   {:>13.3} {:>8.3} {:>9.3}",
            setting.to_string(),
            found.made,
            found.broken,
            found.broken_rest.unwrap_or(f64::NAN),
            found.coverage,
            found.of_oracle(),
            found.naive_broken,
            found.naive_broken_rest.unwrap_or(f64::NAN),
            found.naive_coverage
        )?;
    }
    writeln!(out)?;
    for (name, figures) in report.metrics.iter().filter(|(it, _)| it.starts_with("monitor")) {
        let median = figures.get("median").map_or("-".to_owned(), |it| format!("{it:.0}"));
        writeln!(
            out,
            "{name:<52} alarms {:>6.3}, median after {median:>5}",
            figure(Some(figures), "alarms")
        )?;
    }
    Ok(())
}
