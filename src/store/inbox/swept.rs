//! What the sweep finds, and how it meets what webhooks tell: one row where one
//! is enough, two where somebody may have read before the change.

use rusqlite::Connection;
use rusqlite::params;

use crate::store::inbox::Arrival;
use crate::store::inbox::Place;
use crate::store::inbox::await_conversation;
use crate::store::inbox::conversation_key;

/// Takes in what the sweep found: a conversation that changed. It waits at once,
/// unless the same change was found before, or something waits for it already
/// that nobody has begun: whoever begins it reads the change as well.
pub fn accept_swept(
    connection: &Connection,
    name: &str,
    dedup: &str,
    place: &Place,
    now_ms: i64,
) -> rusqlite::Result<Arrival> {
    let key = conversation_key(name, &place.conversation_id);
    // The note about a dead letter changes the conversation: whoever took that for news
    // would bury it again each minute. A webhook still brings it back.
    let is_dead: bool = connection
        .prepare_cached(
            "SELECT coalesce((SELECT outcome = 'dead' FROM deliveries
                WHERE conversation = ?1 ORDER BY seq DESC LIMIT 1), 0)",
        )?
        .query_row([&key], |row| row.get(0))?;
    if is_dead {
        return Ok(Arrival::Repeat);
    }
    let n_covered = connection
        .prepare_cached(
            "UPDATE conversations SET swept = ?2 WHERE key = ?1 AND (swept = ?2
                OR lease_owner IS NULL AND EXISTS (
                    SELECT 1 FROM deliveries WHERE conversation = ?1 AND state = 'waiting'))",
        )?
        .execute([&key, dedup])?;
    if n_covered == 1 {
        return Ok(Arrival::Repeat);
    }
    let n_added = connection
        .prepare_cached(
            "INSERT INTO deliveries
                (connection, dedup, origin, received_ms, headers, body, state, conversation, event)
             VALUES (?1, ?2, 'sweep', ?3, '[]', x'', 'waiting', ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![name, dedup, now_ms, key, place.event])?;
    if n_added == 0 {
        return Ok(Arrival::Repeat);
    }
    await_conversation(connection, name, place, now_ms)?;
    connection
        .prepare_cached("UPDATE conversations SET swept = ?2 WHERE key = ?1")?
        .execute([&key, dedup])?;
    Ok(Arrival::First)
}

/// A row of the sweep gives way to the webhook that came after all, as long as
/// nobody has begun it: both say no more than that the conversation is to be
/// read. That the change was found stays known with the conversation.
pub(super) fn give_way(connection: &Connection, name: &str, place: &Place) -> rusqlite::Result<()> {
    let key = conversation_key(name, &place.conversation_id);
    connection
        .prepare_cached(
            "DELETE FROM deliveries
             WHERE conversation = ?1 AND state = 'waiting' AND origin = 'sweep' AND attempts = 0
               AND EXISTS (SELECT 1 FROM conversations WHERE key = ?1 AND lease_owner IS NULL)",
        )?
        .execute([&key])?;
    Ok(())
}
