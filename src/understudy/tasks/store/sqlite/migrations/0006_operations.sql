-- What operators have decided while the server runs, in the order in which they did; the latest of a kind and a name
-- counts. What was decided before stays: a task is charged by the prices of the moment in which it was submitted.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    "by" TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

-- What processes say of themselves, as JSON.
CREATE TABLE reports (
    owner TEXT PRIMARY KEY,
    at REAL NOT NULL,
    content TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Points of charts: a row a minute, deleted after little more than a day.
CREATE TABLE samples (
    at REAL PRIMARY KEY,
    queued INTEGER NOT NULL,
    oldest REAL NOT NULL,
    running INTEGER NOT NULL,
    replicas INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    cancelled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX spending_by_hour ON spending (hour);
CREATE INDEX operator_ledger_of_task ON operator_ledger (task);
-- What failed is little among all tasks, and asked for first. Exit codes are set at the end, with the status.
CREATE INDEX tasks_failed ON tasks (id) WHERE pexit <> '' AND pexit <> '0';

-- All that is not over: by the partial indexes of the queue and of what is held.
CREATE VIEW open_tasks AS
SELECT * FROM tasks WHERE status = 'task_queue'
UNION ALL
SELECT * FROM tasks WHERE lease_owner <> '' AND status <> 'task_queue';

CREATE VIEW spent AS SELECT project, hour, amount FROM spending;

-- How many tasks of a project wait and run, from the counts that are kept.
CREATE VIEW tallies AS
SELECT project, model,
    CASE WHEN status = 'task_queue' THEN n ELSE 0 END AS queued,
    CASE WHEN status NOT IN ('task_queue', 'task_postprocess_end', 'task_cancel', 'task_error') THEN n ELSE 0 END AS running
FROM task_counts;
