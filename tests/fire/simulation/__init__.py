"""A cluster in virtual time: what is real in it, and what is not.

Real: `Dispatcher`, `Run`, `fairness`, `Cast`, `Desk`, `Events`, `Newsroom`, the life cycle, and the store: PostgreSQL, or
SQLite on a file in memory, though without its writer thread (`writer`). Simulated: time (`loop`), the graphics cards
(`executor`: a job sleeps), what is made of their clips (`cluster.Priced`: no file, a price), the news between processes
(`wire`: late, and some is lost), those who submit (`load`). All processes of the cluster live in one event loop, and a
store answers in no virtual time, so the figures say nothing of how long it takes.
"""
