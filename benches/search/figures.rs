//! What a benchmark of searching reads off: latencies, sizes on the disk, memory.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use deskhand::clock::Stopwatch;

use crate::corpus::Question;
use crate::corpus::article_id;

/// Questions asked first and not counted: they pay for caches all others use.
const N_WARMING: usize = 20;

/// Nothing is asked for longer: what takes seconds a question shows it soon.
const MAX_ASKING: Duration = Duration::from_secs(60);

/// What one way of searching costs.
#[derive(Clone, Default)]
pub(crate) struct Figures {
    /// Questions that were counted.
    pub(crate) n: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
    /// Share of the questions whose article was found, 0.0–1.0: a sign that all do
    /// the same work, no measure of ranking.
    pub(crate) found: f64,
}

impl Figures {
    pub(crate) fn new(mut latencies_ms: Vec<f64>, found: f64) -> Figures {
        latencies_ms.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (latencies_ms.len() as f64 * share) as usize;
            latencies_ms.get(place).or(latencies_ms.last()).copied().unwrap_or(f64::NAN)
        };
        let (p50_ms, p99_ms, max_ms) = (at(0.5), at(0.99), at(1.0));
        Figures { n: latencies_ms.len(), p50_ms, p99_ms, max_ms, found }
    }

    pub(crate) fn row(&self, out: &mut impl Write, way: &str, kind: &str) {
        let Figures { n, p50_ms, p99_ms, max_ms, found } = self;
        let found = found * 100.0;
        let cells = format!("{n} | {p50_ms:.2} | {p99_ms:.2} | {max_ms:.1} | {found:.0} %");
        writeln!(out, "| {way} | {kind} | {cells} |").unwrap();
    }
}

/// Asks one question after the other. `ask` answers the ids of the articles it found.
pub(crate) fn ask_all(
    questions: &[Question],
    mut ask: impl FnMut(&Question) -> Vec<String>,
) -> Figures {
    let mut latencies_ms = Vec::with_capacity(questions.len());
    let mut n_found = 0;
    let all = Stopwatch::start();
    for (turn, question) in questions.iter().enumerate() {
        let one = Stopwatch::start();
        let found = ask(question);
        let took_ms = one.elapsed_ms();
        if N_WARMING <= turn {
            latencies_ms.push(took_ms);
            n_found += usize::from(found.contains(&article_id(question.article)));
        }
        if MAX_ASKING < all.elapsed() {
            break;
        }
    }
    let found = n_found as f64 / latencies_ms.len().max(1) as f64;
    Figures::new(latencies_ms, found)
}

/// All files of a folder, in megabytes.
pub(crate) fn size_mb(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = files.filter_map(|it| it.metadata().ok()).map(|it| it.len());
    sizes.sum::<u64>() as f64 / 1e6
}

/// What this process keeps in memory: in all, of its own, and of mapped files.
pub(crate) fn memory_mb() -> [f64; 3] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ["VmRSS:", "RssAnon:", "RssFile:"].map(|name| {
        let line = status.lines().find_map(|it| it.strip_prefix(name));
        let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |it| it * 1.024 / 1000.0)
    })
}
