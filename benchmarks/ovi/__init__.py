"""What the Ovi engine makes of a card: `python -m benchmarks.ovi`.

Random weights, unless it is given trained ones: the speed of exact arithmetic does not depend on them. A step cache's
does, and so does what any preset changes.
"""
