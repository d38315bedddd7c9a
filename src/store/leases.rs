//! Who works on which conversation. One live lease a conversation, each with a
//! fence that grows: whoever holds an older one can change nothing any more.

use std::fs::File;
use std::fs::TryLockError;
use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::store::inbox::Waiting;

/// The right to work on one conversation for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// `connection/id`.
    pub key: String,
    pub connection: String,
    pub conversation_id: String,
    /// Grows with every lease of the conversation.
    pub fence: i64,
    /// How many processes in a row died while working on it.
    pub n_crashes: u32,
}

/// A conversation over which this many processes in a row died is not worked on
/// again until somebody says so: `deskhand inbox retry`.
pub const MAX_CRASHES: u32 = 2;

/// Which conversations are asked for. One that a process died over is a suspect:
/// it is worked on alone, so that it takes no other with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Ordinary,
    Suspect,
}

impl Standing {
    fn suspect(self) -> i64 {
        match self {
            Standing::Ordinary => 0,
            Standing::Suspect => 1,
        }
    }
}

/// Leases the conversation of a connection that has been due the longest, and
/// counts the attempt of every delivery that waits for it, before any work is
/// done: a job that kills the process has been counted too. `None` if no
/// conversation of this connection is due and free.
pub fn lease(
    connection: &Connection,
    name: &str,
    standing: Standing,
    owner: &str,
    now_ms: i64,
    until_ms: i64,
) -> rusqlite::Result<Option<(Lease, Vec<Waiting>)>> {
    let found: Option<(String, String, i64, u32)> = connection
        .prepare_cached(
            "SELECT key, id, fence, crashes FROM conversations
             WHERE connection = ?1 AND suspect = ?3 AND due_ms IS NOT NULL AND due_ms <= ?2
               AND (lease_owner IS NULL OR lease_until_ms <= ?2)
             ORDER BY due_ms LIMIT 1",
        )?
        .query_row(params![name, now_ms, standing.suspect()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((key, conversation_id, fence, n_crashes)) = found else {
        return Ok(None);
    };
    let fence = fence + 1;
    connection
        .prepare_cached(
            "UPDATE conversations SET lease_owner = ?2, lease_until_ms = ?3, fence = ?4 WHERE key = ?1",
        )?
        .execute(params![key, owner, until_ms, fence])?;
    connection
        .prepare_cached(
            "UPDATE deliveries SET attempts = attempts + 1 WHERE conversation = ?1 AND state = 'waiting'",
        )?
        .execute([&key])?;
    let waiting = waiting(connection, &key)?;
    let lease = Lease { key, connection: name.to_owned(), conversation_id, fence, n_crashes };
    Ok(Some((lease, waiting)))
}

/// True if a conversation of this connection and standing is due and free.
pub fn is_due(
    connection: &Connection,
    name: &str,
    standing: Standing,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM conversations
             WHERE connection = ?1 AND suspect = ?3 AND due_ms IS NOT NULL AND due_ms <= ?2
               AND (lease_owner IS NULL OR lease_until_ms <= ?2))",
        )?
        .query_row(params![name, now_ms, standing.suspect()], |row| row.get(0))
}

/// Deliveries that wait for a conversation, oldest first.
pub fn waiting(connection: &Connection, key: &str) -> rusqlite::Result<Vec<Waiting>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, event, received_ms, attempts FROM deliveries
         WHERE conversation = ?1 AND state = 'waiting' ORDER BY seq",
    )?;
    let rows = statement.query_map([key], |row| {
        Ok(Waiting {
            seq: row.get(0)?,
            event: row.get(1)?,
            received_ms: row.get(2)?,
            attempts: row.get(3)?,
        })
    })?;
    rows.collect()
}

/// True if this lease is the conversation's latest: the fence. Everything a
/// worker writes asks this first, in the same transaction.
pub fn holds(connection: &Connection, lease: &Lease) -> rusqlite::Result<bool> {
    let fence: Option<i64> = connection
        .prepare_cached("SELECT fence FROM conversations WHERE key = ?1")?
        .query_row([&lease.key], |row| row.get(0))
        .optional()?;
    Ok(fence == Some(lease.fence))
}

/// Prolongs a lease. False if it was lost meanwhile.
pub fn renew(connection: &Connection, lease: &Lease, until_ms: i64) -> rusqlite::Result<bool> {
    let n_renewed = connection
        .prepare_cached(
            "UPDATE conversations SET lease_until_ms = ?3 WHERE key = ?1 AND fence = ?2",
        )?
        .execute(params![lease.key, lease.fence, until_ms])?;
    Ok(n_renewed == 1)
}

/// Gives a lease back. The conversation is due again at `due_ms` if deliveries
/// still wait for it; if not, when people are to be called who have not picked it up,
/// though not before `due_ms`; and else not at all. Its crashes are forgiven, for it was
/// survived this time, unless they were too many. Without effect if the lease was lost.
pub fn release(connection: &Connection, lease: &Lease, due_ms: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE conversations SET lease_owner = NULL, lease_until_ms = NULL, suspect = 0,
                crashes = CASE WHEN crashes < ?4 THEN 0 ELSE crashes END,
                due_ms = CASE WHEN EXISTS (
                    SELECT 1 FROM deliveries WHERE conversation = ?1 AND state = 'waiting')
                    OR EXISTS (
                    SELECT 1 FROM outbox WHERE conversation = ?1 AND state IN ('planned', 'sending'))
                    THEN ?3
                    ELSE (SELECT max(call_ms, ?3) FROM custody
                        WHERE conversation = ?1 AND call_ms IS NOT NULL) END,
                waiting_ms = (SELECT min(received_ms) FROM deliveries
                    WHERE conversation = ?1 AND state = 'waiting')
             WHERE key = ?1 AND fence = ?2",
        )?
        .execute(params![lease.key, lease.fence, due_ms, MAX_CRASHES])?;
    Ok(())
}

/// The earliest time anything is due and free, over all connections.
pub fn next_due_ms(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            // The free ones by their index: a backlog is not walked through.
            "SELECT min(it) FROM (
                SELECT min(due_ms) AS it FROM conversations
                WHERE due_ms IS NOT NULL AND lease_owner IS NULL
                UNION ALL
                SELECT min(max(due_ms, coalesce(lease_until_ms, 0))) FROM conversations
                WHERE due_ms IS NOT NULL AND lease_owner IS NOT NULL)",
        )?
        .query_row([], |row| row.get(0))
}

/// Names under which leases are held.
pub fn owners(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT lease_owner FROM conversations WHERE lease_owner IS NOT NULL",
    )?;
    let owners = statement.query_map([], |row| row.get(0))?;
    owners.collect()
}

/// Frees the leases of processes that have died, so that their work goes on at
/// once instead of when the lease runs out, and counts the crash: of the
/// conversation, for what comes for it later would be worked on the same way.
pub fn free_orphans(
    connection: &Connection,
    is_alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<usize> {
    let mut n_freed = 0;
    for owner in owners(connection)?.iter().filter(|it| !is_alive(it)) {
        n_freed += connection
            .prepare_cached(
                "UPDATE conversations SET lease_owner = NULL, lease_until_ms = NULL, suspect = 1,
                    crashes = crashes + 1
                 WHERE lease_owner = ?1",
            )?
            .execute([owner])?;
    }
    Ok(n_freed)
}

/// The sign that this process lives: a locked file, which the system unlocks
/// however the process ends.
#[derive(Debug)]
pub struct Life {
    name: String,
    file: PathBuf,
    _lock: File,
}

impl Life {
    /// Begins a life under a name no process had before.
    pub fn begin(folder: &Path) -> std::io::Result<Life> {
        let name = uuid::Uuid::now_v7().simple().to_string();
        let lives = folder.join("lives");
        std::fs::create_dir_all(&lives)?;
        let file = lives.join(&name);
        let lock = File::create(&file)?;
        lock.lock()?;
        Ok(Life { name, file, _lock: lock })
    }

    /// The name leases are taken under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if the process of this name still runs (a frozen one does). The sign
    /// of a dead one is cleared away.
    pub fn is_alive(folder: &Path, name: &str) -> bool {
        let file = folder.join("lives").join(name);
        let Ok(sign) = File::open(&file) else {
            return false;
        };
        match sign.try_lock() {
            Ok(()) => {
                drop(std::fs::remove_file(&file));
                false
            }
            Err(TryLockError::WouldBlock) => true,
            // Cannot tell: the lease will run out by itself.
            Err(TryLockError::Error(_)) => true,
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.file));
    }
}
