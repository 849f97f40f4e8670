"""Wan 2.2's video autoencoder: pictures to latents with diffusers' encoder, latents to frames with a decoder that streams.

The names of its tensors are in `names`, which imports no torch; nor does this.
"""
