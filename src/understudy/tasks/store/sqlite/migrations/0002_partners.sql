-- The dialect that a task was asked for in; where the webhooks of such a project go.
ALTER TABLE tasks ADD COLUMN door TEXT NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN webhook_url TEXT NOT NULL DEFAULT '';

-- One row per purchase at a partner. Written before the request leaves; a task has at most one that is open.
CREATE TABLE purchases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task INTEGER NOT NULL,
    project INTEGER NOT NULL,
    engine TEXT NOT NULL,
    "key" TEXT NOT NULL UNIQUE,
    hook TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    outcome TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    placed REAL NOT NULL,
    submitted REAL NOT NULL,
    settled REAL NOT NULL,
    estimate INTEGER,
    charged INTEGER,
    note TEXT NOT NULL,
    preview INTEGER NOT NULL
) STRICT;

CREATE INDEX purchases_of_task ON purchases (task);
CREATE UNIQUE INDEX purchases_open ON purchases (task) WHERE state <> 'settled';
-- Two purchases never take the same job for theirs.
CREATE UNIQUE INDEX purchases_jobs ON purchases (engine, remote_id) WHERE remote_id <> '';
CREATE INDEX purchases_by_outcome ON purchases (outcome, id);
CREATE INDEX purchases_by_engine ON purchases (engine, id);

-- How purchases ended, by engine: counted as they end.
CREATE TABLE purchase_counts (
    engine TEXT NOT NULL,
    outcome TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (engine, outcome)
) STRICT, WITHOUT ROWID;

-- What partners charge is the operator's: a line of its own, never in a project's account. One for each purchase.
CREATE TABLE operator_ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    purchase INTEGER NOT NULL UNIQUE REFERENCES purchases (id),
    task INTEGER NOT NULL,
    project INTEGER NOT NULL,
    engine TEXT NOT NULL,
    amount INTEGER NOT NULL,
    note TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE INDEX files_fetched ON files (task) WHERE role = 'fetched';
