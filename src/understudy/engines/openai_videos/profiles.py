"""How servers of `/v1/videos` differ, as data. Providers.md, sections 1.5, 1.8 and 4.1 to 4.4.

Beyond those: SGLang and FastVideo took a multipart request only with a file in it for a long time, and JSON always;
their lists show neither the prompt nor the model that was asked for (`video_api.py`, `protocol.py` of both).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from understudy.engines.mappings.openai_videos import Rules
from understudy.engines.wish import Field


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of server."""

    rules: Rules
    models: Mapping[str, Rules] = {}
    """By the server's name of a model, where its rules are others."""
    header: Literal["authorization", "api-key"] = "authorization"
    """Which header carries the key."""
    needs_key: bool = True
    needs_model: bool = True
    """Without a name it would take another model than the contract means, or none."""
    json_without_file: bool = False
    """A request without a picture is sent as JSON."""
    lists: Literal["none", "some", "all"] = "some"
    """Whether `GET /videos` exists; `all`: it shows every job from the moment that the job is taken."""
    shows: Sequence[str] = ("prompt", "seconds", "size")
    """Fields of a job that repeat the request's; a job that differs in one is another one."""
    deletes: bool = True
    cancels: bool = False
    """DELETE stops a job that is queued or running."""
    variant: str = "video"
    """Of the content; empty: the parameter is left out."""
    failed_as_error: bool = False
    """Asked about a job that failed, it answers with an error status."""
    charges_failed: bool | None = None
    """Whether a failed job costs money; None if nobody knows."""


_TIERS: Final = {"720p": "1280x720", "1080p": "1920x1080"}
_DOLLARS = Decimal

_SORA: Final = Rules(
    sizes={"720p": "1280x720"},
    seconds=(4, 8, 12),
    prices={"720p": _DOLLARS("0.10")},
    longest_prompt=32_000,
)
_SORA_PRO: Final = Rules(
    sizes=_TIERS,
    seconds=(4, 8, 12),
    prices={"720p": _DOLLARS("0.30"), "1024p": _DOLLARS("0.50"), "1080p": _DOLLARS("0.70")},
    longest_prompt=32_000,
)
_SERVED_HERE: Final[Mapping[Field, str]] = {
    "negative": "negative_prompt",
    "seed": "seed",
    "steps": "num_inference_steps",
    "guidance": "guidance_scale",
}

_SGLANG: Final = Profile(
    rules=Rules(sizes=_TIERS, any_size=True, fields=_SERVED_HERE),
    needs_key=False,
    needs_model=False,
    json_without_file=True,
    lists="all",
    variant="",
    charges_failed=False,
)

PROFILES: Final[Mapping[str, Profile]] = {
    "openai": Profile(
        rules=Rules(sizes=_TIERS, seconds=(4, 8, 12), longest_prompt=32_000),
        models={"sora-2": _SORA, "sora-2-pro": _SORA_PRO},
        shows=("prompt", "seconds", "size", "model"),
    ),
    "azure": Profile(
        rules=Rules(sizes={"720p": "1280x720"}, seconds=(4, 8, 12), longest_prompt=32_000),
        header="api-key",
    ),
    "vllm-omni": Profile(
        rules=Rules(
            sizes=_TIERS,
            any_size=True,
            # Its servers are silent unless asked for sound.
            fields={**_SERVED_HERE, "sound": "generate_sound", "ratio": "aspect_ratio"},
        ),
        needs_key=False,
        needs_model=False,
        lists="all",
        cancels=True,
        variant="",
        failed_as_error=True,
        charges_failed=False,
    ),
    "sglang": _SGLANG,
    "fastvideo": _SGLANG,
    "litellm": Profile(
        rules=Rules(sizes=_TIERS, seconds=(4, 8, 12)),
        deletes=False,
        charges_failed=True,
    ),
    "gateway": Profile(
        rules=Rules(sizes=_TIERS, seconds=(4, 8, 12)),
        lists="none",
        deletes=False,
    ),
}
"""By the option `profile`."""
