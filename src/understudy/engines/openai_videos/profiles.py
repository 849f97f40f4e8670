"""How servers of `/v1/videos` differ, as data.

Prices and sizes are those of OpenAI's guide and price list, the rest is from the servers themselves: vLLM-Omni 0.30.0, SGLang 0.5.23 and FastVideo 0.2.1 (their routes with another
generator behind them), LiteLLM's proxy 1.106.2 and 1.109.1.
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
    headers: Mapping[str, str] = {}
    """Sent with a create request."""
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

# Their jobs do not show the prompt, and a size or a length that the model has changed is shown as changed.
_SGLANG: Final = Profile(
    rules=Rules(sizes=_TIERS, any_size=True, fields=_SERVED_HERE),
    needs_key=False,
    needs_model=False,
    # Older versions take a form only with a file in it.
    json_without_file=True,
    lists="all",
    # SGLang takes the number of an output for it, and answers 404 for a word.
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
            # Sound is for Cosmos 3, which is silent unless asked, the aspect ratio for MiniMax H3; other models make
            # sound always or never, and go by the size.
            fields={**_SERVED_HERE, "sound": "generate_sound", "ratio": "aspect_ratio"},
        ),
        needs_key=False,
        # It refuses another name than the one it serves.
        needs_model=False,
        lists="all",
        cancels=True,
        variant="",
        charges_failed=False,
    ),
    "sglang": _SGLANG,
    "fastvideo": _SGLANG,
    "litellm": Profile(
        rules=Rules(sizes=_TIERS, seconds=(4, 8, 12)),
        # It repeats a create twice after a 429, a 5xx or a broken connection behind it, and so buys twice. The router's
        # fallbacks to other models are beyond a request's say.
        headers={"x-litellm-num-retries": "0"},
        # GET /videos is refused with 400 for want of a provider; with one named, OpenAI's own host is asked.
        lists="none",
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
