//! The one store: SQLite in WAL mode with full sync. All writes go through one
//! thread that commits them in groups; an answer comes only after the commit.
//! Nothing here knows what a helpdesk is.

pub mod ballast;
pub mod certificates;
pub mod chat;
pub mod custody;
pub mod decisions;
pub mod inbox;
pub mod knowledge;
pub mod labels;
pub mod leases;
pub mod outbox;
pub mod resolutions;
pub mod spending;
mod writer;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::ErrorCode;
use rusqlite::OpenFlags;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::store::ballast::Ballast;
use crate::store::writer::Writer;

/// Version of the tables; a store of a later version is refused. 2: who has a
/// conversation, labels and certificates. What does not know them would talk over
/// people, and send what nobody certified.
const SCHEMA_VERSION: i64 = 2;

/// How long a statement waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the store did not do as asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No room on the disk. Nothing was stored; it goes on by itself once there is.
    #[error("the disk that holds the store is full; free some space, nothing else is needed")]
    Full,
    /// More is waiting to be written than the bound allows, or another process
    /// holds the store. Nothing was stored; try again.
    #[error("the store is busy")]
    Busy,
    /// The disk answered with an error. Nothing was stored.
    #[error("the disk that holds the store failed: {0}")]
    Disk(String),
    /// The file is damaged or was written by a newer version.
    #[error("the store in {path} cannot be used: {detail}")]
    Unusable { path: String, detail: String },
    /// A statement the store did not accept: a defect of Deskhand.
    #[error("the store refused a statement: {0}")]
    Defect(String),
    /// The process is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied,
            ) => StoreError::Disk(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Unusable { path: "store".to_owned(), detail: error.to_string() }
            }
            _ => StoreError::Defect(error.to_string()),
        }
    }
}

/// The store. Cheap to clone; closes when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    ballast: Arc<Ballast>,
}

impl Store {
    /// Opens the store in `folder`, making folder and tables if there are none.
    pub fn open(folder: &Path, ballast_bytes: u64) -> Result<Store, StoreError> {
        // What customers wrote is for whoever runs the service.
        let mut made = std::fs::DirBuilder::new();
        made.recursive(true).mode(0o700);
        made.create(folder).map_err(|error| StoreError::Unusable {
            path: folder.display().to_string(),
            detail: format!("the folder could not be made: {error}"),
        })?;
        let file = folder.join("deskhand.db");
        let connection = open_for_writing(&file).map_err(|error| named(error, &file))?;
        let ballast = Arc::new(Ballast::new(folder.join("ballast"), ballast_bytes));
        ballast.restore();
        Ok(Store {
            folder: folder.to_owned(),
            writer: Arc::new(Writer::start(connection, Arc::clone(&ballast))),
            readers: Arc::new(Readers { file, idle: Mutex::new(Vec::new()) }),
            ballast,
        })
    }

    /// The folder the store lives in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Room kept on the disk for finishing what was begun.
    pub fn ballast(&self) -> &Ballast {
        &self.ballast
    }

    /// Does some work in the next group's transaction and answers once it is on
    /// disk. Work that fails is undone alone; the rest of its group is kept.
    ///
    /// # Errors
    /// Whatever the work answered, or why the group could not be committed: then
    /// nothing of it was stored.
    pub async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer.write(work).await
    }

    /// As [`Store::write`], but answers `Busy` at once where the queue is full.
    pub async fn write_or_shed<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer.write_or_shed(work).await
    }

    /// Reads from what was last committed, off the async threads.
    pub async fn read<T, R>(&self, work: R) -> Result<T, StoreError>
    where
        T: Send + 'static,
        R: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let reading = tokio::task::spawn_blocking(move || readers.read(work));
        reading.await.unwrap_or_else(|_| Err(StoreError::Defect("a reader panicked".to_owned())))
    }

    /// As [`Store::read`], for code that is off the async threads already.
    pub fn read_now<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.readers.read(work)
    }

    /// A small fact that outlives the process. `None` if it was never set.
    pub async fn fact(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.read(move |connection| fact(connection, name)).await
    }

    /// Sets a small fact.
    pub async fn set_fact(&self, name: String, value: String) -> Result<(), StoreError> {
        self.write(move |connection| set_fact(connection, &name, &value)).await
    }
}

/// A fact, inside somebody's transaction.
pub fn fact(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM facts WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Sets a fact, inside somebody's transaction.
pub fn set_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO facts (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute([name, value])?;
    Ok(())
}

/// Facts whose names begin so, by name.
pub fn facts(connection: &Connection, start: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection
        .prepare_cached("SELECT name, value FROM facts WHERE substr(name, 1, ?2) = ?1")?;
    let rows = statement
        .query_map(params![start, start.chars().count()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Forgets a fact, inside somebody's transaction.
pub fn forget_fact(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM facts WHERE name = ?1")?.execute([name])?;
    Ok(())
}

/// Connections for reading, opened as needed and kept. Each reader uses one at
/// a time, so there are as many as there ever were readers at once.
#[derive(Debug)]
struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let kept = self.idle.lock().unwrap_or_else(|it| it.into_inner()).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open_for_reading(&self.file).map_err(|error| named(error, &self.file))?,
        };
        let result = work(&connection);
        self.idle.lock().unwrap_or_else(|it| it.into_inner()).push(connection);
        result.map_err(StoreError::from)
    }
}

fn open_for_writing(file: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit is on disk when it returns, which is what a 2xx promises.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.set_prepared_statement_cache_capacity(128);
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if SCHEMA_VERSION < version {
        return Err(StoreError::Unusable {
            path: file.display().to_string(),
            detail: format!(
                "it was written by a newer Deskhand (schema {version}, this one knows {SCHEMA_VERSION}); \
                 run the newer version or restore a backup"
            ),
        });
    }
    connection.execute_batch(include_str!("store/core.sql"))?;
    connection.execute_batch(include_str!("store/knowledge.sql"))?;
    add_column(&connection, "conversations", "swept", "TEXT")?;
    add_column(&connection, "conversations", "crashes", "INTEGER NOT NULL DEFAULT 0")?;
    add_column(&connection, "decisions", "cost_usd_micros", "INTEGER NOT NULL DEFAULT 0")?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(connection)
}

/// Adds a column that stores of earlier builds lack.
fn add_column(
    connection: &Connection,
    table: &str,
    column: &str,
    kind: &str,
) -> Result<(), StoreError> {
    let known = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
    let n_known: i64 = connection.query_row(known, [table, column], |row| row.get(0))?;
    if n_known == 0 {
        connection.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}"))?;
    }
    Ok(())
}

fn open_for_reading(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Names the file in errors that make the whole store unusable.
fn named(error: StoreError, file: &Path) -> StoreError {
    match error {
        StoreError::Unusable { detail, .. } => {
            StoreError::Unusable { path: file.display().to_string(), detail }
        }
        StoreError::Disk(detail) => {
            StoreError::Unusable { path: file.display().to_string(), detail }
        }
        other => other,
    }
}
