-- Tenants. Keys and secrets are sealed; key_hash finds the project of a key. Money in 1e-12 US dollars.
CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    auth TEXT NOT NULL CHECK (auth IN ('signature', 'key')),
    key_hash BLOB NOT NULL UNIQUE,
    api_key BLOB NOT NULL,
    api_secret BLOB NOT NULL,
    webhook_secret BLOB NOT NULL,
    allow TEXT NOT NULL,
    balance INTEGER NOT NULL DEFAULT 0,
    enabled INTEGER NOT NULL,
    created REAL NOT NULL
) STRICT;

-- One row per run. Times in Unix seconds, 0 while not reached; JSON in values, sources, media, engine.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    project INTEGER NOT NULL REFERENCES projects (id),
    model TEXT NOT NULL,
    status TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    "values" TEXT NOT NULL,
    sources TEXT NOT NULL,
    media TEXT NOT NULL,
    seed INTEGER NOT NULL,
    callback_url TEXT NOT NULL,
    notes TEXT NOT NULL,
    stdout TEXT NOT NULL,
    stderr TEXT NOT NULL,
    pexit TEXT NOT NULL,
    reason TEXT NOT NULL,
    engine TEXT NOT NULL,
    cps TEXT NOT NULL,
    cost TEXT NOT NULL,
    created REAL NOT NULL,
    accepted REAL NOT NULL,
    preprocess_started REAL NOT NULL,
    preprocess_ended REAL NOT NULL,
    assigned REAL NOT NULL,
    started REAL NOT NULL,
    ended REAL NOT NULL,
    postprocess_started REAL NOT NULL,
    postprocess_ended REAL NOT NULL,
    cancelled REAL NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until REAL NOT NULL,
    files_deleted INTEGER NOT NULL
) STRICT;

-- The queue and what is held are small however many tasks are finished: partial indexes keep their cost so.
CREATE INDEX tasks_queued ON tasks (model, priority DESC, id) WHERE status = 'task_queue';
CREATE INDEX tasks_held ON tasks (lease_until) WHERE lease_owner <> '';
-- One index for each filter of Task/List.
CREATE INDEX tasks_of_project ON tasks (project, id);
CREATE INDEX tasks_of_status ON tasks (project, status, id);
CREATE INDEX tasks_of_model ON tasks (project, model, id);
CREATE INDEX tasks_of_model_and_status ON tasks (project, model, status, id);

-- How many tasks there are, so that nobody ever counts them.
CREATE TABLE task_counts (
    project INTEGER NOT NULL,
    model TEXT NOT NULL,
    status TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (project, model, status)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER task_counted AFTER INSERT ON tasks BEGIN
    INSERT INTO task_counts (project, model, status, n) VALUES (new.project, new.model, new.status, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER task_recounted AFTER UPDATE OF status ON tasks WHEN old.status <> new.status BEGIN
    UPDATE task_counts SET n = n - 1 WHERE project = old.project AND model = old.model AND status = old.status;
    INSERT INTO task_counts (project, model, status, n) VALUES (new.project, new.model, new.status, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TABLE model_statistics (
    model TEXT PRIMARY KEY,
    runs INTEGER NOT NULL,
    successes INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    last_run REAL NOT NULL,
    elapsed REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- Uploads, folders, inputs, outputs and thumbnails.
CREATE TABLE files (
    id TEXT PRIMARY KEY,
    uuid TEXT NOT NULL,
    project INTEGER NOT NULL REFERENCES projects (id),
    task INTEGER NOT NULL,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    parent TEXT NOT NULL,
    accesskey TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    "key" TEXT NOT NULL,
    added REAL NOT NULL,
    modified REAL NOT NULL
) STRICT;

CREATE INDEX files_of_task ON files (task) WHERE task <> 0;
CREATE INDEX files_at_address ON files (address) WHERE address <> '';

-- One line per movement of money. A task is charged once: the index refuses a second line.
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL REFERENCES projects (id),
    task INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    note TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE UNIQUE INDEX ledger_of_task ON ledger (task) WHERE task <> 0;
CREATE INDEX ledger_of_project ON ledger (project, id);

-- The outbox: written with the status that it tells of, delivered at least once. A task has one.
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    task INTEGER NOT NULL UNIQUE,
    project INTEGER NOT NULL,
    url TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created REAL NOT NULL,
    due REAL NOT NULL,
    state TEXT NOT NULL,
    status INTEGER NOT NULL,
    error TEXT NOT NULL
) STRICT;

CREATE INDEX webhooks_waiting ON webhooks (due) WHERE state = 'waiting';

CREATE TABLE idempotency_keys (
    project INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    task INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (project, "key")
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (at);
