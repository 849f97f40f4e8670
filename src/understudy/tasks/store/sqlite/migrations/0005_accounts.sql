-- Who signs in to the dashboard.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    -- The name without regard to case, as the program folds it.
    folded TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    project INTEGER NOT NULL DEFAULT 0,
    password TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 1,
    created REAL NOT NULL,
    signed_in REAL NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sessions (
    key BLOB PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users (id),
    created REAL NOT NULL,
    until REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user);
CREATE INDEX sessions_until ON sessions (until);

CREATE TABLE invitations (
    user INTEGER PRIMARY KEY REFERENCES users (id),
    key BLOB NOT NULL UNIQUE,
    until REAL NOT NULL
) STRICT;
