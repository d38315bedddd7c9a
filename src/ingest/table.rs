//! A table of articles or past tickets: CSV with a line of headings. Each row
//! becomes the record its columns name.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use anyhow::ensure;
use csv::Reader;
use csv::ReaderBuilder;
use csv::StringRecord;
use serde_json::Map;
use serde_json::Value;

use crate::text::markdown;

/// The columns an article may have; others are left alone.
const COLUMNS: &str = "id, title, body, url, lang, brand, audience, updated";

/// Columns that make past tickets of the rows, not articles.
const OF_TICKETS: [&str; 4] = ["answer", "subject", "solved", "linked_articles"];

/// A table, partly read.
#[derive(Debug)]
pub(super) struct Table {
    rows: Reader<File>,
    columns: Vec<String>,
    holds_tickets: bool,
    /// True once the file itself could not be read on.
    broken: bool,
}

/// One row, and how far into the file it reaches.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) n_bytes_read: u64,
    /// The id, if the row is so far in order.
    pub(super) id: Option<String>,
    pub(super) record: anyhow::Result<Map<String, Value>>,
}

impl Table {
    /// Opens a table and checks its columns.
    ///
    /// # Errors
    /// If it cannot be read, or lacks a column that every article needs.
    pub(super) fn open(path: &Path) -> anyhow::Result<Table> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("could not open {shown}"))?;
        let delimiter = delimiter(path)?;
        let mut rows = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(csv::Trim::Headers)
            .from_reader(file);
        let headings = rows.headers().with_context(|| {
            format!("{shown} has no line of headings in UTF-8; save it as CSV UTF-8")
        })?;
        let column = |it: &str| it.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
        let columns: Vec<String> = headings.iter().map(column).collect();
        let has = |names: &[&str]| columns.iter().any(|it| names.contains(&it.as_str()));
        ensure!(
            has(&["id"]),
            "{shown} has no column `id`; the columns are {COLUMNS}, and it has: {}",
            columns.join(", ")
        );
        ensure!(
            has(&["title", "body", "text", "content", "html", "subject", "question"]),
            "{shown} has neither a column `title` nor a column `body`; the columns are {COLUMNS}"
        );
        let holds_tickets = has(&OF_TICKETS);
        Ok(Table { rows, columns, holds_tickets, broken: false })
    }

    /// The next row; `None` at the end.
    pub(super) fn next_row(&mut self) -> Option<Row> {
        if self.broken {
            return None;
        }
        let mut row = StringRecord::new();
        let read = self.rows.read_record(&mut row);
        let place = self.rows.position();
        let (line, n_bytes_read) =
            (row.position().map_or(place.line(), |it| it.line()), place.byte());
        match read {
            Ok(false) => None,
            Ok(true) => {
                let id = self.columns.iter().position(|it| it == "id");
                let id = id.and_then(|it| row.get(it)).map(str::trim).filter(|it| !it.is_empty());
                let record = self.record(&row);
                Some(Row { line, n_bytes_read, id: id.map(str::to_owned), record })
            }
            Err(error) => {
                self.broken = error.is_io_error();
                let reason = "it cannot be read as UTF-8 text; save the table as CSV UTF-8";
                let record = Err(anyhow::Error::new(error).context(reason));
                Some(Row { line, n_bytes_read, id: None, record })
            }
        }
    }

    fn record(&self, row: &StringRecord) -> anyhow::Result<Map<String, Value>> {
        ensure!(
            row.len() == self.columns.len(),
            "it has {} cells under {} headings; put quotes around cells that hold the delimiter",
            row.len(),
            self.columns.len()
        );
        let mut record = Map::new();
        for (column, cell) in self.columns.iter().zip(row) {
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            if column.starts_with("updated") {
                ensure!(
                    markdown::parse_date(cell).is_some(),
                    "column `{column}` holds no date such as 2024-05-01"
                );
            }
            record.insert(column.clone(), Value::String(cell.to_owned()));
        }
        if self.holds_tickets && !record.contains_key("kind") {
            record.insert("kind".to_owned(), Value::String("past_ticket".to_owned()));
        }
        if let Some(solved) = record.get("solved").and_then(Value::as_str).and_then(markdown::flag)
        {
            record.insert("solved".to_owned(), Value::Bool(solved));
        }
        Ok(record)
    }
}

/// What stands between the headings most often: comma, semicolon or tab.
fn delimiter(path: &Path) -> anyhow::Result<u8> {
    use std::io::Read as _;
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("could not open {shown}"))?;
    let mut head = Vec::new();
    file.take(4096).read_to_end(&mut head).with_context(|| format!("could not read {shown}"))?;
    let line = head.split(|it| *it == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|it| **it == delimiter).count();
    Ok([b',', b';', b'\t'].into_iter().rev().max_by_key(|it| count(*it)).unwrap_or(b','))
}
