"""Our own protocol: the same inputs under the same names, or those of another model that plays there.

A model there has the contract's own inputs unless it is one of those described here and another than the contract's
(`forms`): then it gets what was wished for in its own words.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from understudy.engines.addresses import canonical
from understudy.engines.engine import Contract, Job, Treatment
from understudy.engines.mappings.treatments import Treated, treatments
from understudy.engines.wish import FIELDS, Field, Wish, wish_for


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One Run as it is sent."""

    model: str
    """`owner/slug` there."""
    fields: dict[str, str]
    files: tuple[tuple[str, str], ...] = ()
    """Input and path."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How one model is asked."""

    fields: Callable[[Wish], dict[str, str]]
    """Its inputs but the picture."""
    picture: str = "inputImage"
    """The input that takes the picture to begin with."""
    notes: Callable[[Wish], list[str]]
    """What it cannot be asked for, as far as that was wished."""
    treated: Treated


def run_of(job: Job, remote: str) -> tuple[Run, tuple[str, ...]]:
    """The request for a job with the model `remote`, and what of the inputs is lost on the way, in sentences.

    Raises `EngineInputError` if another model is to play it and the picture cannot be read.
    """
    form = _other_form(job.model, remote)
    if form is None:
        return _unchanged(job, remote), ()
    wish = wish_for(job)
    files = ((form.picture, wish.picture),) if wish.picture else ()
    return Run(model=remote, fields=form.fields(wish), files=files), tuple(_lost(job, wish, form))


def estimate(run: Run, prices: Mapping[str, Decimal]) -> Decimal | None:
    """US dollars that a run will cost by a table of prices; None if it does not say.

    The keys are `720p` and the like, or `second` for all others: per second of clip; `clip` is added for each run.
    """
    wished = {FIELDS.get(name): value for name, value in run.fields.items()}
    rate = prices.get(wished.get("tier", ""), prices.get("second"))
    flat = prices.get("clip")
    if rate is None:
        return flat
    seconds = wished.get("seconds", "")
    return rate * int(seconds) + (flat or Decimal(0)) if seconds.isdecimal() else None


def treats(contract: Contract, remote: str) -> tuple[Treatment, ...]:
    """What becomes of each input of the contract if the model `remote` plays it."""
    form = _other_form(contract.address, remote)
    if form is None:
        return tuple(Treatment(name, "honoured") for name in contract.input_ids)
    return treatments(contract, form.treated)


def _unchanged(job: Job, remote: str) -> Run:
    fields = {name: _text(value) for name, value in job.values.items()}
    if "seed" in fields:
        # The job's own, so that the answer here names the seed that was played there.
        fields["seed"] = str(job.seed)
    files = tuple((name, path) for name, paths in job.files.items() for path in paths)
    return Run(model=remote, fields=fields, files=files)


def _text(value: str | int | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _other_form(contract: str, remote: str) -> Form | None:
    there = canonical(remote)
    return None if there == canonical(contract) else FORMS.get(there)


def _lost(job: Job, wish: Wish, form: Form) -> list[str]:
    notes = form.notes(wish)
    if len(wish.others) > 0:
        notes.append("Only the first picture is used.")
    if _dropped(form, "negative") and wish.negative:
        notes.append("The negative prompt is left out.")
    if _dropped(form, "negative_audio") and wish.negative_audio:
        notes.append("The negative prompt for the sound is left out.")
    if _dropped(form, "sound") and not wish.sound:
        notes.append("The clip has sound, although none was wanted.")
    if _dropped(form, "people") and wish.people == "dont_allow":
        notes.append("That no people appear cannot be asked for.")
    if _dropped(form, "seed") and _given_seed(job):
        notes.append("The seed is left out: this model takes none.")
    if _dropped(form, "enhance") and wish.enhance is False:
        notes.append("Whether the prompt is rewritten is up to the model.")
    if _dropped(form, "steps") and (wish.steps or wish.guidance):
        notes.append("Steps and guidance are the model's own.")
    return notes


def _dropped(form: Form, field: Field) -> bool:
    return form.treated.get(field, ("dropped", ""))[0] == "dropped"


def _given_seed(job: Job) -> bool:
    return any(
        FIELDS.get(name) == "seed" and str(value).strip() not in ("", "0")
        for name, value in job.values.items()
    )


def _length(wish: Wish, offered: Sequence[int]) -> str:
    """The shortest length offered that is long enough, or else the longest; the first if none was wished for."""
    if wish.seconds is None:
        return str(offered[0])
    return str(next((each for each in offered if each >= wish.seconds), offered[-1]))


def _tier(wish: Wish) -> str:
    return "720p" if wish.tier in ("480p", "540p", "720p") else "1080p"


def _shape_notes(wish: Wish, length: str) -> list[str]:
    notes = []
    if wish.seconds is not None and float(length) != wish.seconds:
        notes.append(f"The clip has {length} seconds instead of {wish.seconds:g}.")
    if wish.size is not None:
        width, height = wish.size
        notes.append(f"The clip is {wish.ratio} in {_tier(wish)} instead of {width} x {height} pixels.")
    elif wish.tier != _tier(wish):
        notes.append(f"The clip has {_tier(wish)} instead of {wish.tier}.")
    return notes


def _sora_fields(wish: Wish) -> dict[str, str]:
    return {
        "prompt": wish.prompt,
        "seconds": _length(wish, (4, 8, 12)),
        "resolution": _tier(wish),
        "ratio": wish.ratio,
    }


def _veo_fields(wish: Wish) -> dict[str, str]:
    fields = {
        "prompt": wish.prompt,
        "generateAudio": "true" if wish.sound else "false",
        "aspectRatio": wish.ratio,
        "resolution": _tier(wish),
        "negativePrompt": wish.negative,
        "personGeneration": wish.people or "allow_adult",
        "seed": str(wish.seed),
        "durationSeconds": _length(wish, (4, 6, 8)),
    }
    if wish.enhance is not None:
        fields["enhancePrompt"] = "true" if wish.enhance else "false"
    return fields


def _ovi_fields(wish: Wish) -> dict[str, str]:
    # Its sizes are height x width; "default" is the picture's own shape.
    size = "default" if wish.picture else "992x512" if wish.ratio == "9:16" else "512x992"
    fields = {"prompt": wish.prompt, "resolution": size, "seed": str(wish.seed)}
    # Not sent, they are the model's own defaults, which are not empty.
    if wish.negative:
        fields["negativePrompt"] = wish.negative
    if wish.negative_audio:
        fields["audioNegativePrompt"] = wish.negative_audio
    if wish.steps is not None:
        fields["steps"] = str(max(1, min(100, wish.steps)))
    return fields


def _ovi_notes(wish: Wish) -> list[str]:
    notes = [f"The clip has 5 seconds instead of {wish.seconds:g}."] if wish.seconds not in (None, 5) else []
    shape = "the picture's shape" if wish.picture else "512 x 992" if wish.ratio == "9:16" else "992 x 512"
    return [*notes, f"The clip is small: {shape} at about half a megapixel."]


FORMS: Final[Mapping[str, Form]] = {
    "openai/sora-2-pro": Form(
        fields=_sora_fields,
        notes=lambda wish: _shape_notes(wish, _sora_fields(wish)["seconds"]),
        treated={
            "prompt": ("honoured", ""),
            "picture": ("honoured", ""),
            "seconds": ("approximated", "4, 8 or 12 seconds."),
            "ratio": ("honoured", ""),
            "tier": ("approximated", "720p or 1080p."),
            "sound": ("dropped", "Its clips have sound."),
            "seed": ("dropped", "It takes no seed."),
        },
    ),
    "google/veo3-1": Form(
        fields=_veo_fields,
        notes=lambda wish: _shape_notes(wish, _veo_fields(wish)["durationSeconds"]),
        treated={
            "prompt": ("honoured", ""),
            "picture": ("honoured", ""),
            "seconds": ("approximated", "4, 6 or 8 seconds."),
            "ratio": ("honoured", ""),
            "tier": ("approximated", "720p or 1080p."),
            "sound": ("honoured", ""),
            "negative": ("honoured", ""),
            "enhance": ("honoured", ""),
            "people": ("honoured", ""),
            "seed": ("honoured", ""),
        },
    ),
    "chetwinlow1/ovi": Form(
        fields=_ovi_fields,
        notes=_ovi_notes,
        treated={
            "prompt": ("honoured", ""),
            "picture": ("honoured", ""),
            "seconds": ("approximated", "Always 5 seconds."),
            "ratio": ("approximated", "992 x 512 or 512 x 992 pixels; with a picture its shape."),
            "tier": ("dropped", "About half a megapixel."),
            "sound": ("dropped", "Its clips have sound."),
            "negative": ("honoured", ""),
            "negative_audio": ("honoured", ""),
            "seed": ("honoured", ""),
            "steps": ("honoured", ""),
        },
    ),
}
"""The models of the shipped catalogue, by their addresses there."""
