-- The inbox, the outbox and the decisions. Times are milliseconds since the
-- epoch. Order is the order of `seq`, never a time.

-- One row a delivery, or a part of one that told of several conversations.
CREATE TABLE IF NOT EXISTS deliveries (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    connection   TEXT    NOT NULL,
    dedup        TEXT    NOT NULL,            -- the sender's id of the delivery
    part         INTEGER NOT NULL DEFAULT 0,  -- 0 unless one payload told of several events
    origin       TEXT    NOT NULL,            -- webhook | sweep
    received_ms  INTEGER NOT NULL,
    headers      TEXT    NOT NULL,            -- JSON, secrets left out
    body         BLOB    NOT NULL,
    state        TEXT    NOT NULL,            -- new | waiting | done
    conversation TEXT,                        -- NULL until sorted
    event        TEXT,                        -- JSON; NULL until sorted
    attempts     INTEGER NOT NULL DEFAULT 0,  -- counted when leased, before the work
    repeats      INTEGER NOT NULL DEFAULT 0,  -- how often it came again
    outcome      TEXT,                        -- exactly one, and only when done
    detail       TEXT,
    done_ms      INTEGER,
    UNIQUE (connection, dedup, part),
    CHECK ((state = 'done') = (outcome IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS deliveries_unsorted ON deliveries (connection, seq) WHERE state = 'new';
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (conversation, seq) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_of ON deliveries (conversation, seq);
CREATE INDEX IF NOT EXISTS deliveries_dead ON deliveries (seq) WHERE outcome = 'dead';

-- One row a conversation: who works on it, and when it is due.
CREATE TABLE IF NOT EXISTS conversations (
    key            TEXT    PRIMARY KEY,       -- connection/id
    connection     TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    due_ms         INTEGER,                   -- NULL if nothing waits
    waiting_ms     INTEGER,                   -- since when the oldest delivery waits
    lease_owner    TEXT,
    lease_until_ms INTEGER,
    fence          INTEGER NOT NULL DEFAULT 0,-- grows with every lease
    suspect        INTEGER NOT NULL DEFAULT 0,-- 1 if a process died while working on it
    crashes        INTEGER NOT NULL DEFAULT 0,-- how many died in a row
    swept          TEXT                       -- the last change the sweep found
);
CREATE INDEX IF NOT EXISTS conversations_due ON conversations (connection, suspect, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS conversations_free ON conversations (due_ms) WHERE due_ms IS NOT NULL AND lease_owner IS NULL;
CREATE INDEX IF NOT EXISTS conversations_leased ON conversations (lease_owner) WHERE lease_owner IS NOT NULL;

-- One row a conversation that was looked at: who has it, Deskhand or people.
CREATE TABLE IF NOT EXISTS custody (
    conversation TEXT    PRIMARY KEY,         -- connection/id
    state        TEXT    NOT NULL,            -- bot | offered | waiting | human | returned | closed
    since_ms     INTEGER NOT NULL,
    call_ms      INTEGER,                     -- when people are called (again); NULL if nobody is waited for
    custody      TEXT    NOT NULL             -- all of it, JSON
);
CREATE INDEX IF NOT EXISTS custody_with_people ON custody (since_ms) WHERE state IN ('offered', 'waiting', 'human');

-- One row a message that was to be answered.
CREATE TABLE IF NOT EXISTS decisions (
    id           TEXT    PRIMARY KEY,
    brand        TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    trigger      TEXT    NOT NULL,            -- id of the customer message
    at_ms        INTEGER NOT NULL,
    decision     TEXT    NOT NULL,            -- send | suggest | escalate | stand_down
    reason       TEXT,
    stage        TEXT    NOT NULL,
    confidence   REAL,
    cost_usd_micros INTEGER NOT NULL DEFAULT 0,-- of the models that were asked
    record       TEXT    NOT NULL,            -- the whole proposal, JSON
    outcome      TEXT    NOT NULL,            -- open | sent | suggested | escalated | superseded | ignored | shadow | dead
    UNIQUE (brand, conversation, trigger)
);
CREATE INDEX IF NOT EXISTS decisions_at ON decisions (at_ms);

CREATE INDEX IF NOT EXISTS decisions_sent ON decisions (at_ms) WHERE decision = 'send';

-- What people said of a draft: the only thing a certificate rests on. Never changed: who
-- judges again adds a row, and their last one counts.
CREATE TABLE IF NOT EXISTS labels (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    decision TEXT    NOT NULL,
    kind     TEXT    NOT NULL,                -- as_is | edited | rewritten | up | down | right | wrong
    wrong    INTEGER NOT NULL,                -- 1 if it should not have been sent as it stood
    person   TEXT    NOT NULL CHECK (person <> ''),
    at_ms    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS labels_of ON labels (decision);

-- What only hints that a reply was wrong: shown, and never counted.
CREATE TABLE IF NOT EXISTS hints (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    decision TEXT    NOT NULL,
    kind     TEXT    NOT NULL,                -- reopened
    at_ms    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS hints_of ON hints (decision);

-- Promises about wrong replies. The newest of a connection is the one that counts.
CREATE TABLE IF NOT EXISTS certificates (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    connection TEXT    NOT NULL,
    content    TEXT    NOT NULL,              -- JSON
    broken     TEXT,                          -- why the monitor ended it; NULL while it has not
    told       INTEGER NOT NULL DEFAULT 0,    -- 1 once the operator was told of that
    paused     TEXT                           -- why nothing is sent for now
);
CREATE INDEX IF NOT EXISTS certificates_of ON certificates (connection, seq);

-- What is to be written to a helpdesk, before it is written.
CREATE TABLE IF NOT EXISTS outbox (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    intent       TEXT    NOT NULL UNIQUE,
    decision     TEXT    NOT NULL,            -- id of the decision, or of the dead delivery
    brand        TEXT    NOT NULL,
    connection   TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    trigger      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,            -- reply | note | tag | field | handoff | alert
    place        INTEGER NOT NULL,            -- order within the decision
    action       TEXT    NOT NULL,            -- JSON
    fingerprint  TEXT    NOT NULL,            -- of the text; empty where there is none
    state        TEXT    NOT NULL,            -- planned | sending | sent | unknown | withdrawn | refused
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_ms       INTEGER NOT NULL,
    sending_ms   INTEGER,
    done_ms      INTEGER,
    remote_id    TEXT,
    detail       TEXT
);
-- The reply slot: one public reply to one message, whoever asks for it.
CREATE UNIQUE INDEX IF NOT EXISTS outbox_reply_slot ON outbox (brand, conversation, trigger) WHERE kind = 'reply';
CREATE UNIQUE INDEX IF NOT EXISTS outbox_once ON outbox (decision, place);
CREATE INDEX IF NOT EXISTS outbox_open ON outbox (conversation) WHERE state IN ('planned', 'sending');
CREATE INDEX IF NOT EXISTS outbox_daily ON outbox (brand, done_ms) WHERE kind = 'reply';
CREATE INDEX IF NOT EXISTS outbox_sent ON outbox (conversation, kind, done_ms) WHERE state = 'sent';

-- What models cost, one row a day (UTC): of decisions and of whatever else asked.
CREATE TABLE IF NOT EXISTS model_spending (
    day        TEXT    PRIMARY KEY,           -- 2026-11-26
    usd_micros INTEGER NOT NULL
);

-- Small facts that outlive a process: the kill switch, sweep cursors.
CREATE TABLE IF NOT EXISTS facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
