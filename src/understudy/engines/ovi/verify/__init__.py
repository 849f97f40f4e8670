"""Whether what runs here computes what the reference recorded: `python -m understudy.engines.ovi.verify DIR`.

Nothing of this is used when clips are made.
"""
