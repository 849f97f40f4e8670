"""The card that one has: what of the model lies on it and when, how much that takes, and what is done to take less.

`profiles`, `sizes`, `estimate` and `choice` need no torch: they answer before anything is loaded.
"""
