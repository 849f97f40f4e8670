"""Where the recorded reference data lies: a subset in the clone, the whole of it where it is at hand."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "data" / "ovi"
"""Transformer, denoising runs, solvers, preprocessing, tensor names: what a clone alone proves itself against."""
_BESIDE = ROOT.parent / "shared" / "golden" / "ovi"
WHOLE = _BESIDE if _BESIDE.is_dir() else None
"""The same and the autoencoders, the vocoder, the text encoder; None where it is not beside the project."""

needs_whole = pytest.mark.skipif(
    WHOLE is None,
    reason="the whole recorded data (autoencoders, vocoder, text encoder) is not beside the project",
)
