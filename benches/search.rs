//! What finding costs when there is a lot to find: all of retrieval over as many
//! passages and past tickets as one likes, beside plain BM25 of the same index, of
//! SQLite and of bm25s, and how it grows: `-- 200000 [TICKETS] [--growth] [--keep DIR]`.
//! One thread; the index is on the disk. `-- 200000 --memory DIR/index` asks a kept one.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has no figure to show")]

#[path = "search/corpus.rs"]
mod corpus;
#[path = "search/figures.rs"]
mod figures;
#[path = "search/library.rs"]
mod library;
#[path = "search/plot.rs"]
mod plot;
#[path = "search/rivals.rs"]
mod rivals;

// As the program has it, so that the figures are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::io::Write;
use std::path::Path;
use std::process::Command;

use deskhand::clock::Stopwatch;
use deskhand::embed::Embedder;
use deskhand::embed::Known;
use deskhand::embed::TABLE;
use deskhand::index::Index;
use deskhand::index::Query;
use deskhand::index::Wording;
use deskhand::knowledge::Pool;
use deskhand::knowledge::Scope;
use deskhand::retrieve::Meant;
use deskhand::retrieve::retrieve;
use deskhand::ticket::Ticket;

use crate::corpus::ARTICLES_ASKED_ABOUT;
use crate::corpus::BRAND;
use crate::corpus::Question;
use crate::corpus::Size;
use crate::corpus::Words;
use crate::figures::Figures;
use crate::figures::ask_all;
use crate::figures::memory_mb;
use crate::library::Library;
use crate::plot::Series;
use crate::rivals::Bm25s;
use crate::rivals::TopK;

/// What the figures are stated for.
const DEFAULT_SIZE: u64 = 200_000;

/// Sizes the growth is measured at, as far as they are asked for.
const STEPS: [u64; 5] = [20_000, 50_000, 100_000, 200_000, 500_000];

/// Questions of each kind: enough for a stable 99th percentile.
const N_QUESTIONS: u64 = 1_020;

/// Passages that are added one by one, to see when they are found.
const N_ADDED: u64 = 20;

const HEAD: &str = "| | words asked | questions | p50 ms | p99 ms | max ms | article found |\n\
                    |---|---|---|---|---|---|---|";

/// The ways of searching that are compared, as the table and the plot name them.
const WAYS: [&str; 6] = [
    "Deskhand, all of retrieval",
    "Deskhand, words of articles",
    "tantivy top-k",
    "tantivy top-k, no common words",
    "SQLite FTS5",
    "bm25s (numba)",
];

struct Bench {
    library: Library,
    /// Of 8 to 12 words, and of 60.
    short: Vec<Question>,
    long: Vec<Question>,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = args.iter().filter_map(|it| it.parse::<u64>().ok());
    let n_passages = numbers.next().unwrap_or(DEFAULT_SIZE);
    let n_tickets = numbers.next().unwrap_or(n_passages);
    let size = Size { n_passages, n_tickets };
    let mut out = std::io::stdout();
    if let Some(place) = args.iter().position(|it| it == "--memory") {
        return look_in(Path::new(&args[place + 1]), size, &mut out);
    }
    let folder = tempfile::tempdir().unwrap();
    let kept = args.iter().position(|it| it == "--keep").map(|it| Path::new(&args[it + 1]));
    let mut bench = Bench::new(kept.unwrap_or(folder.path()), size);
    let mut steps = vec![n_passages];
    if args.iter().any(|it| it == "--growth") {
        steps.splice(0..0, STEPS.into_iter().filter(|it| *it < n_passages));
    }
    let mut series = WAYS.map(|name| Series { name, points: Vec::new() });
    for step in steps {
        writeln!(out, "\n{step} passages of articles\n").unwrap();
        bench.library.grow(step);
        bench.library.tell(&mut out);
        let measured = bench.compare(&mut out);
        for (line, it) in series.iter_mut().zip(measured) {
            line.points.extend(it.map(|it| (step as f64, it.p50_ms, it.p99_ms)));
        }
    }
    bench.tell_memory(&mut out);
    bench.add_one_by_one(&mut out);
    if args.iter().any(|it| it == "--growth") {
        tell_growth(&series, &mut out);
    }
}

impl Bench {
    fn new(folder: &Path, size: Size) -> Bench {
        let library = Library::new(folder, size);
        let ask = |shortest, longest| {
            let numbers = 0..N_QUESTIONS;
            numbers.map(|it| library.words.question(it, shortest, longest, size)).collect()
        };
        Bench { short: ask(8, 12), long: ask(60, 60), library }
    }

    /// One table of all ways of searching; the medians of short questions.
    fn compare(&self, out: &mut impl Write) -> [Option<Figures>; WAYS.len()] {
        let index = Index::open(&self.library.index_folder(), TABLE).unwrap();
        let scope = Scope::public(BRAND);
        let bm25s = self.bm25s();
        if let Ok(it) = &bm25s {
            let rate = self.library.filled.n_passages as f64 / it.indexed_s;
            let Bm25s { version, size_mb, resident_mb, .. } = it;
            writeln!(
                out,
                "bm25s {version}: {size_mb:.0} MB on disk, {resident_mb:.0} MB resident, \
                 {rate:.0} passages/s"
            )
            .unwrap();
        }
        writeln!(out, "\n{HEAD}").unwrap();
        let mut measured = Default::default();
        for (kind_idx, (kind, questions)) in
            [("8–12", &self.short), ("60", &self.long)].into_iter().enumerate()
        {
            let mut top_k =
                TopK::open(&self.library.index_folder(), self.library.filled.n_passages);
            let all = [
                Some(ask_all(questions, |it| articles_for(&index, &it.ticket, &scope))),
                Some(ask_all(questions, |it| words_alone(&index, &it.ticket, &scope))),
                Some(ask_all(questions, |it| top_k.ask(&it.plain, false))),
                Some(ask_all(questions, |it| top_k.ask(&it.plain, true))),
                Some(ask_all(questions, |it| self.library.fts5.ask(&it.plain))),
                bm25s
                    .as_ref()
                    .ok()
                    .and_then(|it| it.asked.get(kind_idx))
                    .map(|it| Figures::new(it.latencies_ms.clone(), it.found)),
            ];
            for (way, figures) in WAYS.iter().zip(&all) {
                if let Some(figures) = figures {
                    figures.row(out, way, kind);
                }
            }
            if kind_idx == 0 {
                self.in_conversation(&index, &scope).row(out, WAYS[0], "8–12, after six turns");
                measured = all;
            }
        }
        if let Err(reason) = bm25s {
            writeln!(out, "\nbm25s was left out: {reason}").unwrap();
        }
        measured
    }

    fn in_conversation(&self, index: &Index, scope: &Scope) -> Figures {
        let numbered = (0..).zip(&self.short);
        let asked = numbered.map(|(number, it)| Question {
            ticket: self.library.words.after_conversation(number, it),
            plain: String::new(),
            article: it.article,
        });
        let asked: Vec<Question> = asked.collect();
        ask_all(&asked, |it| articles_for(index, &it.ticket, scope))
    }

    fn bm25s(&self) -> Result<Bm25s, String> {
        let files = [("short.tsv", &self.short), ("long.tsv", &self.long)].map(|(name, asked)| {
            let lines = asked
                .iter()
                .map(|it| format!("{}\t{}\n", corpus::article_id(it.article), it.plain.trim_end()));
            let file = self.library.folder.join(name);
            std::fs::write(&file, lines.collect::<String>()).unwrap();
            file
        });
        rivals::bm25s(
            &self.library.folder.join("passages.tsv"),
            &files.each_ref().map(|it| it.as_path()),
        )
    }

    /// Looks from a process that did not write the index: its memory is what a
    /// service would need.
    fn tell_memory(&self, out: &mut impl Write) {
        let myself = std::env::current_exe().unwrap();
        let Size { n_passages, n_tickets } = self.library.size;
        let told = Command::new(myself)
            .arg("--memory")
            .arg(self.library.index_folder())
            .args([n_passages.to_string(), n_tickets.to_string()])
            .output()
            .unwrap();
        out.write_all(&told.stdout).unwrap();
    }

    /// From handing a new article to the index to finding it.
    fn add_one_by_one(&mut self, out: &mut impl Write) {
        let index = Index::open(&self.library.index_folder(), TABLE).unwrap();
        let scope = Scope::public(BRAND);
        let (mut applied_ms, mut found_ms) = (Vec::new(), Vec::new());
        // The first makes the writer, which a service has once it has written.
        for number in 0..=N_ADDED {
            let id = self.library.size.n_articles() + number;
            let mut article = self.library.words.article(id);
            article.title = format!("Zugabe{number}k is new");
            self.library.sequence += 1;
            let change = [corpus::added(self.library.sequence, article)];
            let ticket = Ticket {
                question: format!("What is zugabe{number}k?"),
                language: Some("en".to_owned()),
                ..Ticket::default()
            };
            let adding = Stopwatch::start();
            index.apply(&change, &Known::ByTable).unwrap();
            let applied = adding.elapsed_ms();
            while !articles_for(&index, &ticket, &scope).contains(&corpus::article_id(id)) {}
            if 0 < number {
                applied_ms.push(applied);
                found_ms.push(adding.elapsed_ms());
            }
        }
        let [applied, found] = [applied_ms, found_ms].map(|it| Figures::new(it, 1.0));
        writeln!(
            out,
            "an added passage is found after {:.0} ms (p50, of {N_ADDED}; at most {:.0} ms), \
             {:.0} ms of them until it is committed",
            found.p50_ms, found.max_ms, applied.p50_ms
        )
        .unwrap();
    }
}

/// What a service does with one question: the ids of the articles found.
fn articles_for(index: &Index, ticket: &Ticket, scope: &Scope) -> Vec<String> {
    let found = retrieve(index, ticket, &Meant::here(&Embedder::Table, ticket), scope).unwrap();
    found.articles.into_iter().map(|it| it.passage.document_id).collect()
}

/// The ten best passages of articles by their words, and nothing else.
fn words_alone(index: &Index, ticket: &Ticket, scope: &Scope) -> Vec<String> {
    let wording = Wording { text: &ticket.question, language: Some("en"), ..Wording::default() };
    let question = index.question(wording, BRAND).unwrap();
    let (pool, limit) = (Pool::Article, 10);
    let query = Query { question: &question, pool, scope, limit, also: Vec::new() };
    let found = index.find(&query).unwrap();
    found.into_iter().map(|it| it.passage.document_id).collect()
}

/// What a process holds that only opens the index and asks.
fn look_in(folder: &Path, size: Size, out: &mut impl Write) {
    let opening = Stopwatch::start();
    let index = Index::open(folder, TABLE).unwrap();
    let opened_ms = opening.elapsed_ms();
    let (words, scope) = (Words::new(), Scope::public(BRAND));
    let asking = Stopwatch::start();
    articles_for(&index, &words.question(0, 8, 12, size).ticket, &scope);
    let first_ms = asking.elapsed_ms();
    for number in 1..ARTICLES_ASKED_ABOUT / 4 {
        articles_for(&index, &words.question(number, 8, 12, size).ticket, &scope);
    }
    let [all, own, mapped] = memory_mb();
    writeln!(
        out,
        "\nopened in {opened_ms:.1} ms, the first question took {first_ms:.0} ms; after 1,000 \
         questions {all:.0} MB resident: {own:.0} its own, {mapped:.0} of mapped files"
    )
    .unwrap();
}

fn tell_growth(series: &[Series], out: &mut impl Write) {
    writeln!(out, "\n| passages | {} |", WAYS.join(" | ")).unwrap();
    writeln!(out, "|---|{}", "---|".repeat(WAYS.len())).unwrap();
    for (row, (size, ..)) in series[0].points.iter().enumerate() {
        let cells = series.iter().map(|it| match it.points.get(row) {
            Some((_, p50, p99)) => format!("{p50:.2} / {p99:.2}"),
            None => String::new(),
        });
        writeln!(out, "| {size} | {} |", cells.collect::<Vec<_>>().join(" | ")).unwrap();
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/search-growth.svg");
    std::fs::write(file, plot::svg(series)).unwrap();
    writeln!(out, "\nplotted to {file}").unwrap();
}
