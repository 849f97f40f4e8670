"""Wan 2.2's video autoencoder: diffusers' encoder makes latents of pictures, our decoder makes frames of latents in a stream.

The names of its tensors are in `names`, which imports no torch; nor does this.
"""
