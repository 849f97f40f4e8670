"""Everything that is remembered, moved: to another store, into a backup, out of it; and schemas brought up to date."""
