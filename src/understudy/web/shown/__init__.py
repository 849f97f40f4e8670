"""What pages show, as records and words, made of what the program knows. Pure."""
