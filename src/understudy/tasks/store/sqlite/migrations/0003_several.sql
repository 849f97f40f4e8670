-- What one project may take, as JSON.
ALTER TABLE projects ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';

-- In which trace a run goes on: W3C's traceparent of its submission.
ALTER TABLE tasks ADD COLUMN trace TEXT NOT NULL DEFAULT '';

-- The queue by project, since whose turn it is depends on the project; and by age, for its depth and its oldest task.
DROP INDEX tasks_queued;
CREATE INDEX tasks_queued ON tasks (project, model, priority DESC, id) WHERE status = 'task_queue';
CREATE INDEX tasks_waiting ON tasks (model, created) WHERE status = 'task_queue';
CREATE INDEX tasks_running ON tasks (project, model) WHERE lease_owner <> '';
-- What still has its files, for their expiry.
CREATE INDEX tasks_with_files ON tasks (project, created) WHERE files_deleted = 0;

-- What projects have spent, by hours since 1970, so that a budget is checked without adding up the ledger.
CREATE TABLE spending (
    project INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (project, hour)
) STRICT, WITHOUT ROWID;

INSERT INTO spending (project, hour, amount)
SELECT project, CAST(at AS INTEGER) / 3600, -sum(amount) FROM ledger WHERE task <> 0 GROUP BY 1, 2;

-- The host that a webhook goes to: one that does not answer must not take the places of the others.
ALTER TABLE webhooks ADD COLUMN receiver TEXT NOT NULL DEFAULT '';
