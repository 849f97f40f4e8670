"""The weights on disk: where they come from, where they lie, whether they are right, how they are read.

`sources` and `layout` first; then `hub`, `download`, `record` and `pull`, which get them, `expected` and `check`, and
`loading`, `pickles` and `convert`. Importing the last three, or `tiny`, loads torch; the server and the command line may
import the others.
"""
