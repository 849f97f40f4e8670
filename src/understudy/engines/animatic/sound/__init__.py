"""What is heard: synthesised ambience and music, the voice, and their mix. 48 kHz; samples are float32 in [-1, 1]."""
