"""From a prompt to what the transformer reads of it: cleaning, tokens, UMT5's encoder, and a memory for embeddings."""
