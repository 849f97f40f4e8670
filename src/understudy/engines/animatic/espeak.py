"""A program of its own: says what it reads on stdin with eSpeak NG, and writes the samples to stdout.

    python espeak.py VOICE WORDS_PER_MINUTE < text > samples

The answer is the sample rate as a 32-bit integer, then mono samples of 16 bits, all little-endian. It imports nothing
of Understudy; see `speech.py` for why.
"""

import ctypes
import struct
import sys

import espeakng_loader

# From eSpeak NG's speak_lib.h.
_SYNCHRONOUS = 2
_RATE = 1
_UTF8 = 1


def main() -> int:
    """The exit status: 0 if something was said."""
    voice, words_per_minute = sys.argv[1], int(sys.argv[2])
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate <= 0 or library.espeak_SetVoiceByName(voice.encode()):
        return 1
    library.espeak_SetParameter(_RATE, words_per_minute, 0)
    samples = bytearray()

    def heard(wave: int | None, count: int, _events: int | None) -> int:
        if wave and count > 0:
            samples.extend(ctypes.string_at(wave, count * 2))
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(heard)
    library.espeak_SetSynthCallback(callback)
    text = sys.stdin.buffer.read().replace(b"\0", b" ")
    if library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 0, 0, _UTF8, None, None):
        return 1
    sys.stdout.buffer.write(struct.pack("<i", rate) + bytes(samples))
    return 0


if __name__ == "__main__":
    sys.exit(main())
