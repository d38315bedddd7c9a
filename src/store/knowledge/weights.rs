//! What each signal of a ranking counts for a brand, as calibrated on its past
//! tickets. Facts of the store: the index can be thrown away without them.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;

use crate::knowledge::Weights;
use crate::store::fact;
use crate::store::set_fact;

/// What the names of the facts begin with; the brand follows.
const PREFIX: &str = "weights:";
const LEARNED: &str = "learned:";

/// The weights of every brand that was calibrated. What does not read is as good
/// as none.
pub fn weights(connection: &Connection) -> rusqlite::Result<HashMap<String, Weights>> {
    // Between the prefix and what sorts right after it.
    let mut statement = connection.prepare_cached(
        "SELECT name, value FROM facts WHERE 'weights:' <= name AND name < 'weights;'",
    )?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut weights = HashMap::new();
    for row in rows {
        let (name, value) = row?;
        let brand = name.strip_prefix(PREFIX).unwrap_or_default().to_owned();
        if let Ok(known) = serde_json::from_str(&value) {
            weights.insert(brand, known);
        }
    }
    Ok(weights)
}

/// Keeps the weights of a brand, and until when people's labels were learned from, if
/// they were: what was learned from such a label, the label cannot judge.
pub fn calibrated(
    connection: &Connection,
    brand: &str,
    weights: &Weights,
    learned_to_ms: Option<i64>,
) -> rusqlite::Result<()> {
    let value = serde_json::to_string(weights).unwrap_or_default();
    set_fact(connection, &format!("{PREFIX}{brand}"), &value)?;
    match learned_to_ms {
        Some(at_ms) => set_fact(connection, &format!("{LEARNED}{brand}"), &at_ms.to_string()),
        None => Ok(()),
    }
}

/// When the last label was given that the weights of a brand were learned from,
/// milliseconds; 0 if none was.
pub fn learned_to_ms(connection: &Connection, brand: &str) -> rusqlite::Result<i64> {
    let kept = fact(connection, &format!("{LEARNED}{brand}"))?;
    Ok(kept.and_then(|it| it.parse().ok()).unwrap_or(0))
}

/// Forgets the weights of a brand. False if there were none.
pub fn forget_weights(connection: &Connection, brand: &str) -> rusqlite::Result<bool> {
    let name = format!("{PREFIX}{brand}");
    let forgotten: Option<i64> = connection
        .prepare_cached("DELETE FROM facts WHERE name = ?1 RETURNING 1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(forgotten.is_some())
}
