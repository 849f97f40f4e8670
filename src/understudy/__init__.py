"""Understudy: a self-hosted server for models that make video with sound."""

__version__ = "0.1.0"
