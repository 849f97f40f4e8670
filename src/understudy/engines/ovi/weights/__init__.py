"""The weights on disk: where they come from, where they lie, whether they are right, how they are read.

`sources`, `layout`, `record`, `hub` and `pull` need no torch, so the server and the command line may import them.
"""
