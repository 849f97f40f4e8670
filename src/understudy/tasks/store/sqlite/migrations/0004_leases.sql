-- Until when an owner keeps the tasks that it holds: one row is written for all of them.
CREATE TABLE leases (
    owner TEXT PRIMARY KEY,
    until REAL NOT NULL
) STRICT, WITHOUT ROWID;

DROP INDEX tasks_held;
CREATE INDEX tasks_held ON tasks (lease_owner, lease_until) WHERE lease_owner <> '';
