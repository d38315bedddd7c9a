//! What the same questions cost elsewhere, over the same passages: tantivy's own
//! top-k search of the same index, SQLite's FTS5, and the Python library bm25s.
//! All three rank passages of articles by BM25 and do nothing else.

use std::path::Path;
use std::process::Command;

use deskhand::clock::Stopwatch;
use deskhand::knowledge::Passage;
use rusqlite::Connection;
use rusqlite::params;
use serde::Deserialize;
use tantivy::Searcher;
use tantivy::TantivyDocument;
use tantivy::Term;
use tantivy::collector::TopDocs;
use tantivy::query::BooleanQuery;
use tantivy::query::Occur;
use tantivy::query::Query;
use tantivy::query::TermQuery;
use tantivy::schema::Field;
use tantivy::schema::IndexRecordOption;
use tantivy::schema::Value;
use tantivy::tokenizer::Language;
use tantivy::tokenizer::LowerCaser;
use tantivy::tokenizer::SimpleTokenizer;
use tantivy::tokenizer::Stemmer;
use tantivy::tokenizer::TextAnalyzer;

use crate::corpus::BRAND;

/// Passages each of them answers.
const N_BEST: usize = 10;

/// Words in a larger share of the passages are left out where that is asked for,
/// as Deskhand does.
const COMMON_SHARE: f64 = 0.28;

/// Memory SQLite may use to keep pages: more than its index has at 200,000.
const SQLITE_CACHE_KIB: i64 = 1 << 20;

/// Top-k search with block-max pruning, as the library offers it.
pub(crate) struct TopK {
    searcher: Searcher,
    fields: [Field; 2],
    stored: Field,
    analyzer: TextAnalyzer,
    n_passages: f64,
}

impl TopK {
    /// Over an index that Deskhand wrote.
    pub(crate) fn open(folder: &Path, n_passages: u64) -> TopK {
        let index = tantivy::Index::open_in_dir(folder).unwrap();
        let field = |name| index.schema().get_field(name).unwrap();
        let analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(LowerCaser)
            .filter(Stemmer::new(Language::English));
        TopK {
            searcher: index.reader().unwrap().searcher(),
            fields: [field("article.title"), field("article.body")],
            stored: field("passage"),
            analyzer: analyzer.build(),
            n_passages: n_passages as f64,
        }
    }

    pub(crate) fn n_segments(&self) -> usize {
        self.searcher.segment_readers().len()
    }

    /// The ids of the documents whose passages are best.
    pub(crate) fn ask(&mut self, question: &str, leave_common_out: bool) -> Vec<String> {
        let mut terms: Vec<Term> = Vec::new();
        let mut stream = self.analyzer.token_stream(question);
        while let Some(token) = stream.next() {
            // The index keeps every word behind its brand and audience.
            let word = format!("{BRAND}\u{1f}p\u{1f}{}", token.text);
            terms.extend(self.fields.map(|it| Term::from_field_text(it, &word)));
        }
        terms.sort();
        terms.dedup();
        if leave_common_out {
            let most = (self.n_passages * COMMON_SHARE) as u64;
            terms.retain(|it| self.searcher.doc_freq(it).unwrap() <= most);
        }
        let clauses = terms.into_iter().map(|it| {
            let query: Box<dyn Query> = Box::new(TermQuery::new(it, IndexRecordOption::WithFreqs));
            (Occur::Should, query)
        });
        let query = BooleanQuery::new(clauses.collect());
        let best = TopDocs::with_limit(N_BEST).order_by_score();
        let found = self.searcher.search(&query, &best).unwrap();
        let read = |(_, address)| {
            let entry: TantivyDocument = self.searcher.doc(address).unwrap();
            let json = entry.get_first(self.stored).and_then(|it| it.as_str()).unwrap();
            serde_json::from_str::<Passage>(json).unwrap().document_id
        };
        found.into_iter().map(read).collect()
    }
}

/// SQLite's full-text index with Porter's stemmer, in a file.
pub(crate) struct Fts5 {
    connection: Connection,
    /// How long adding has taken so far.
    pub(crate) added_s: f64,
}

impl Fts5 {
    pub(crate) fn create(file: &Path) -> Fts5 {
        let connection = Connection::open(file).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", "NORMAL").unwrap();
        connection.pragma_update(None, "cache_size", -SQLITE_CACHE_KIB).unwrap();
        let table = "CREATE VIRTUAL TABLE passages USING fts5(
            document UNINDEXED, title, body, tokenize = 'porter unicode61')";
        connection.execute(table, []).unwrap();
        Fts5 { connection, added_s: 0.0 }
    }

    /// In one transaction: that is fastest.
    pub(crate) fn add(&mut self, passages: &[Passage]) {
        let adding = Stopwatch::start();
        let all = self.connection.transaction().unwrap();
        let mut insert = all.prepare("INSERT INTO passages VALUES (?1, ?2, ?3)").unwrap();
        for it in passages {
            insert.execute(params![it.document_id, it.title, text_of(it)]).unwrap();
        }
        drop(insert);
        all.commit().unwrap();
        self.added_s += adding.elapsed().as_secs_f64();
    }

    /// Makes one tree of what was added: it is asked faster so.
    pub(crate) fn settle(&mut self) {
        let adding = Stopwatch::start();
        self.connection.execute("INSERT INTO passages(passages) VALUES('optimize')", []).unwrap();
        self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        self.added_s += adding.elapsed().as_secs_f64();
    }

    pub(crate) fn ask(&self, question: &str) -> Vec<String> {
        let words: Vec<String> =
            question.split_whitespace().map(|it| format!("\"{it}\"")).collect();
        let query = "SELECT document, title, body FROM passages WHERE passages MATCH ?1
            ORDER BY bm25(passages) LIMIT ?2";
        let mut query = self.connection.prepare_cached(query).unwrap();
        let found = query.query_map(params![words.join(" OR "), N_BEST], |it| {
            it.get::<_, String>(1)?;
            it.get::<_, String>(2)?;
            it.get::<_, String>(0)
        });
        found.unwrap().map(|it| it.unwrap()).collect()
    }
}

/// What `benches/bm25s_baseline.py` found.
#[derive(Deserialize)]
pub(crate) struct Bm25s {
    pub(crate) version: String,
    pub(crate) indexed_s: f64,
    pub(crate) size_mb: f64,
    pub(crate) resident_mb: f64,
    /// By file of questions.
    pub(crate) asked: Vec<Bm25sAsked>,
}

#[derive(Deserialize)]
pub(crate) struct Bm25sAsked {
    pub(crate) latencies_ms: Vec<f64>,
    /// Share of the questions whose article was among the best passages.
    pub(crate) found: f64,
}

/// Runs the library over files of lines `article <tab> text`.
///
/// # Errors
/// A sentence that says why it could not run.
pub(crate) fn bm25s(passages: &Path, questions: &[&Path]) -> Result<Bm25s, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/bm25s_baseline.py");
    let run = Command::new("python3").arg(script).arg(passages).args(questions).output();
    let run = run.map_err(|error| format!("python3 did not start: {error}"))?;
    if !run.status.success() {
        let told = String::from_utf8_lossy(&run.stderr);
        return Err(told.lines().last().unwrap_or("it ended without a word").to_owned());
    }
    serde_json::from_slice(&run.stdout).map_err(|error| format!("it answered oddly: {error}"))
}

/// What is searched of a passage beside its title.
pub(crate) fn text_of(passage: &Passage) -> String {
    let text = passage.headings.iter().map(String::as_str).chain([passage.text.as_str()]);
    text.collect::<Vec<&str>>().join(" ").replace(['\n', '\t'], " ")
}
