"""What of the model is on the card, and when. No torch."""

from typing import Final, Literal

import msgspec

from understudy.errors import EngineUnavailable

AUTO: Final = "auto"
"""In place of a profile's name: the first that fits."""
RESIDENT: Final = "resident"
"""The profile that keeps everything on the card."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Where each part of the model is during a run's three stages: text, denoising, decoding."""

    name: str
    text: Literal["kept", "visiting", "host"] = "visiting"
    """The text encoder: on the card for good, while texts are embedded, or never; then the CPU computes."""
    decoders: Literal["kept", "visiting"] = "visiting"
    """Both autoencoders and the vocoder: on the card for good, or while they are used."""
    blocks: Literal["kept", "visiting", "streamed"] = "kept"
    """The transformer: on the card for good, while denoising, or then too only its ends, its first block, and those
    others whose turn it is."""
    slots: int = 0
    """Streamed blocks that have room on the card at once: one is computed with, the others are on their way."""
    float8: bool = False
    """The blocks' matrices in 8 bits, each row with a scale."""
    together: bool = True
    """Both guidance passes in one batch, or one after the other for half the memory."""
    side_by_side: bool = True
    """The audio tower on a CUDA stream of its own, which has to have memory of its own."""


PROFILES: Final = (
    Profile(name=RESIDENT, text="kept", decoders="kept"),
    Profile(name="text-off", decoders="kept"),
    Profile(name="alternating", blocks="visiting"),
    Profile(name="float8", float8=True),
    Profile(name="streamed", blocks="streamed", slots=3, side_by_side=False),
    Profile(
        name="streamed-small", blocks="streamed", slots=2, text="host", together=False, side_by_side=False
    ),
)
"""In order of preference. All compute the same but `float8`, whose matrices are rounded."""


def must_be_known(name: str) -> None:
    """Raises `EngineUnavailable` for a name that is neither "auto" nor a profile's."""
    if name != AUTO and name not in (profile.name for profile in PROFILES):
        names = ", ".join(f'"{profile.name}"' for profile in PROFILES)
        raise EngineUnavailable(
            f'There is no memory profile "{name}". Set memory in [engine.ovi] to "{AUTO}" or to one of {names}.'
        )


def forms(profile: Profile) -> tuple[Profile, ...]:
    """A profile as it is, and with less taken at the same time; in order of preference."""
    alone = msgspec.structs.replace(profile, side_by_side=False)
    apart = msgspec.structs.replace(alone, together=False)
    return tuple(dict.fromkeys((profile, alone, apart)))
