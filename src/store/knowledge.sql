-- Articles and past tickets, each with its place in the sequence of changes.
-- A deleted document stays as a tombstone, so that every index learns of it.
CREATE TABLE IF NOT EXISTS documents (
    brand    TEXT    NOT NULL,
    pool     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    -- SHA-256 of the content: the same content again is no change.
    version  BLOB    NOT NULL,
    -- Where it was read from: only that source may remove it.
    source   TEXT    NOT NULL,
    -- The document as JSON; NULL once it is deleted.
    content  TEXT,
    -- Grows with every change of any document; no two documents share one.
    sequence INTEGER NOT NULL,
    PRIMARY KEY (brand, pool, id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX IF NOT EXISTS documents_by_sequence ON documents (sequence);
CREATE INDEX IF NOT EXISTS documents_by_source ON documents (source, brand, pool);

-- The last number given out. Apart from the documents, so that it never goes
-- back when the newest of them is erased.
CREATE TABLE IF NOT EXISTS document_sequence (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL
);
INSERT OR IGNORE INTO document_sequence (one, last) VALUES (1, 0);

-- Pages of websites as they were last read, so that a page that has not changed
-- is not sent again.
CREATE TABLE IF NOT EXISTS visits (
    source   TEXT NOT NULL,
    url      TEXT NOT NULL,
    -- The document made of it.
    id       TEXT NOT NULL,
    -- How it was taken in; what was taken in otherwise is read anew.
    manner   TEXT NOT NULL,
    etag     TEXT,
    modified TEXT,
    PRIMARY KEY (source, url)
) WITHOUT ROWID;

-- What passages mean to embedders that cost a call or a while. Past deletions of
-- documents are not followed here: a rebuild of the index clears what is unused.
CREATE TABLE IF NOT EXISTS meanings (
    embedder TEXT NOT NULL,
    -- SHA-256 of the text.
    hash     BLOB NOT NULL,
    -- A byte a number; NULL for a text the embedder will not have.
    vector   BLOB,
    PRIMARY KEY (embedder, hash)
);

-- Documents that were indexed before the meaning of each passage was known.
CREATE TABLE IF NOT EXISTS unembedded (
    embedder TEXT NOT NULL,
    brand    TEXT NOT NULL,
    pool     TEXT NOT NULL,
    id       TEXT NOT NULL,
    PRIMARY KEY (embedder, brand, pool, id)
) WITHOUT ROWID;
