"""What the Ovi engine makes of a card: `python -m benchmarks.ovi`. Random weights: speed does not depend on them."""
