"""The voice of spoken lines, when the `speech` extra is installed.

The extra brings eSpeak NG, a small formant synthesiser (GPL-3.0-or-later), whole in one package: no voice is downloaded.
Because of its licence it stays at arm's length: it runs in a process of its own (`espeak.py`) that gets text and
answers with samples, and nothing of it is loaded here.
"""

import importlib.util
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.engines.animatic.prompt.lines import Voice

_PROGRAM: Final = Path(__file__).with_name("espeak.py")
_SECONDS_ALLOWED: Final = 20
_LONGEST: Final = 1_000
_WORDS_PER_MINUTE: Final = 165
_FASTEST: Final = 300
_VOICES: Final[dict[Voice, str]] = {"female": "en-us+f3", "male": "en-us+m3", "unknown": "en-us+m7"}


def available() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("espeakng_loader") is not None


def speak(text: str, voice: Voice, rate: int, *, at_most: float | None = None) -> NDArray[np.float32] | None:
    """`text` as mono samples at `rate` a second; spoken faster, if need be, to take at most `at_most` seconds.

    None if the voice cannot say it, or fails: a clip without a voice is better than none.
    """
    said = _synthesised(text, voice, _WORDS_PER_MINUTE)
    if said is None:
        return None
    samples, own_rate = said
    length = len(samples) / own_rate
    if at_most is not None and length > at_most > 0:
        faster = min(_FASTEST, round(_WORDS_PER_MINUTE * length / at_most * 1.08))
        said = _synthesised(text, voice, faster)
        if said is None:
            return None
        samples, own_rate = said
    return _resampled(samples, own_rate, rate)


def _synthesised(text: str, voice: Voice, words_per_minute: int) -> tuple[NDArray[np.float32], int] | None:
    command = [sys.executable, str(_PROGRAM), _VOICES[voice], str(words_per_minute)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, the text comes by stdin
            command,
            input=text[:_LONGEST].encode(),
            capture_output=True,
            timeout=_SECONDS_ALLOWED,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode or len(done.stdout) < 8:
        return None
    (rate,) = struct.unpack_from("<i", done.stdout)
    even = len(done.stdout) // 2 * 2
    samples = np.frombuffer(done.stdout[4:even], "<i2").astype(np.float32) / np.float32(32768)
    return (samples, rate) if rate > 0 and np.abs(samples).max() > 0 else None


def _resampled(samples: NDArray[np.float32], own: int, rate: int) -> NDArray[np.float32]:
    """By way of the spectrum: exact for a sound that ends in silence."""
    wanted = round(len(samples) * rate / own)
    spectrum = np.fft.rfft(samples)
    out = np.zeros(wanted // 2 + 1, np.complex128)
    kept = min(len(spectrum), len(out))
    out[:kept] = spectrum[:kept]
    return (np.fft.irfft(out, wanted) * (wanted / len(samples))).astype(np.float32)
