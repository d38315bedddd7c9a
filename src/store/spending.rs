//! What models cost, day by day (UTC), in millionths of a US dollar: also what was
//! asked for by commands and agents' apps, of which no decision tells.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

/// Adds to a day and answers its sum. `day` is written 2026-11-26.
pub fn add(connection: &Connection, day: &str, usd_micros: u64) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "INSERT INTO model_spending (day, usd_micros) VALUES (?1, ?2)
             ON CONFLICT (day) DO UPDATE SET usd_micros = usd_micros + excluded.usd_micros",
        )?
        .execute(params![day, usd_micros])?;
    of(connection, day)
}

/// The sum of a day; 0 if nothing was spent.
pub fn of(connection: &Connection, day: &str) -> rusqlite::Result<u64> {
    let sum = connection
        .prepare_cached("SELECT usd_micros FROM model_spending WHERE day = ?1")?
        .query_row([day], |row| row.get(0))
        .optional()?;
    Ok(sum.unwrap_or(0))
}
