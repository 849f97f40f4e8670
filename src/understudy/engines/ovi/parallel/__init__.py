"""One clip on several devices: guidance passes apart, and the tokens of a pass shared among processes."""
