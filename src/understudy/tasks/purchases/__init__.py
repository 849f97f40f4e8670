"""Jobs that are bought at partners, each once: a small saga, stored step by step (see `tasks.records.Purchase`).

`buying` takes a purchase from the intention to the files, and goes on from whatever step was stored last; `aftercare`
ends the purchases whose task is over already; `verdicts` are the rules, without I/O.
"""
