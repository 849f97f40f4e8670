"""From what a caller wishes (`engines.wish`) to what each engine's protocol can say: one module each, pure functions.

Each has the request, and what is lost on the way; `treatments` says the same by input, for operators.
"""
