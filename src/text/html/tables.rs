//! Tables of a token stream: rows are written when the table ends, because only
//! then it is known whether it holds figures or lays out a page.

use html5ever::tokenizer::Tag;

use super::elements::Place;
use super::writer::Writer;
use super::writer::attribute;

/// Tables within tables deeper than this are read as text. (Guessed: layouts of
/// mails go five deep.)
const MAX_TABLE_DEPTH: usize = 8;

/// Rows and columns a cell may go on over. (Guessed: a page that says 65,534 is to fill no
/// memory.)
const MAX_SPAN: usize = 100;

/// A cell, and how many rows and columns it stands in.
#[derive(Debug, Clone)]
struct Cell {
    text: String,
    n_rows: usize,
    n_columns: usize,
}

/// Rows and cells of a table whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
    cell_start: Option<usize>,
    /// Rows and columns of the cell that was begun.
    span: (usize, usize),
    has_header: bool,
    /// True once a word of the first row is not bold.
    plain_first_row: bool,
}

impl Writer {
    pub(super) fn start_table(&mut self) {
        // The text of a cell is moved once for each table around it.
        if self.tables.len() < MAX_TABLE_DEPTH {
            self.tables.push(Table::default());
        } else {
            self.n_flat_tables += 1;
        }
    }

    pub(super) fn start_row(&mut self) {
        if 0 < self.n_flat_tables {
            return;
        }
        self.end_cell();
        if let Some(table) = self.tables.last_mut() {
            table.rows.push(Vec::new());
        }
    }

    pub(super) fn start_cell(&mut self, tag: &Tag) {
        if !self.is_markdown() || 0 < self.n_flat_tables {
            self.breaks = 0;
            self.space = true;
            return;
        }
        self.end_cell();
        self.breaks = 0;
        self.space = false;
        let start = self.out.len();
        if let Some(table) = self.tables.last_mut() {
            table.has_header |= &*tag.name == "th" && table.rows.len() <= 1;
            table.cell_start = Some(start);
            let told = |name| attribute(tag, name).and_then(|it| it.trim().parse().ok());
            let span = |name| told(name).unwrap_or(1_usize).clamp(1, MAX_SPAN);
            table.span = (span("rowspan"), span("colspan"));
        }
    }

    /// To be called for each word: a first row all in bold is a heading as well.
    pub(super) fn note_weight(&mut self) {
        let is_bold = self.elements.is_within(Place::Bold);
        if let Some(table) = self.tables.last_mut().filter(|it| it.rows.len() <= 1) {
            table.plain_first_row |= !is_bold;
        }
    }

    pub(super) fn end_cell(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        let Some(start) = table.cell_start.take() else { return };
        if start <= self.out.len() && self.out.is_char_boundary(start) {
            let text = self.out.split_off(start).trim().to_owned();
            let (n_rows, n_columns) = table.span;
            let cell = Cell { text, n_rows, n_columns };
            match table.rows.last_mut() {
                Some(row) => row.push(cell),
                None => table.rows.push(vec![cell]),
            }
        }
        self.link = None;
        self.mark = None;
    }

    /// Writes a table as rows; one that only lays out a page, as its blocks.
    pub(super) fn end_table(&mut self) {
        if 0 < self.n_flat_tables {
            self.n_flat_tables -= 1;
            return;
        }
        self.end_cell();
        let Some(table) = self.tables.pop() else { return };
        let cells = table.rows.iter().flatten();
        let lays_out = cells.clone().any(|it| is_part_of_page(&it.text))
            || table.rows.iter().all(|it| it.len() < 2);
        if lays_out {
            for cell in cells.filter(|it| !it.text.is_empty()) {
                self.breaks = 2;
                self.owe();
                self.out.push_str(&cell.text);
            }
        } else {
            let rows = spread(&table.rows);
            let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
            let rows = rows.iter().filter(|row| row.iter().any(|it| !it.is_empty()));
            let empty = vec![String::new(); n_columns];
            self.breaks = 2;
            self.owe();
            let bold_header = !table.plain_first_row && 1 < rows.clone().count();
            let head = if table.has_header || bold_header { None } else { Some(&empty) };
            for (idx, row) in head.into_iter().chain(rows).enumerate() {
                let missing = n_columns.saturating_sub(row.len());
                let row: Vec<String> = row.iter().map(|it| one_line(it)).collect();
                self.out.push_str(&format!("| {}{} |\n", row.join(" | "), " |".repeat(missing)));
                if idx == 0 {
                    self.out.push_str(&format!("|{}\n", " --- |".repeat(n_columns)));
                }
            }
        }
        self.breaks = 2;
    }
}

/// The rows with each cell in every place it stands in: what a row leaves to the one above
/// is said in it as well.
fn spread(rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
    // By column: what goes on downwards, and through how many rows more.
    let mut above: Vec<(String, usize)> = Vec::new();
    let mut spread = Vec::with_capacity(rows.len());
    for cells in rows {
        let mut row = Vec::with_capacity(cells.len());
        let mut cells = cells.iter();
        loop {
            let column = row.len();
            if let Some((text, n_left)) = above.get_mut(column).filter(|(_, n_left)| 0 < *n_left) {
                *n_left -= 1;
                row.push(text.clone());
                continue;
            }
            let Some(cell) = cells.next() else { break };
            for place in column..column + cell.n_columns {
                if above.len() <= place {
                    above.resize(place + 1, (String::new(), 0));
                }
                if let Some(below) = above.get_mut(place) {
                    *below = (cell.text.clone(), cell.n_rows - 1);
                }
                row.push(cell.text.clone());
            }
        }
        spread.push(row);
    }
    spread
}

/// Longer cells are columns of a page. (Guessed.)
const MAX_CELL_BYTES: usize = 1_000;

/// True for a cell that no table of figures has: headings, lists, code, tables,
/// or a page of text.
fn is_part_of_page(cell: &str) -> bool {
    let is_block = |line: &str| {
        let line = line.trim_start();
        line.starts_with("# ")
            || line.starts_with("## ")
            || line.starts_with("### ")
            || line.starts_with("```")
            || line.starts_with("| ")
            || line.starts_with("- ")
            || line.starts_with("1. ")
    };
    MAX_CELL_BYTES < cell.len() || cell.lines().any(is_block)
}

fn one_line(cell: &str) -> String {
    cell.lines().map(str::trim).filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}
