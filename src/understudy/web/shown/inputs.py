"""A model's inputs as a form shows them, filled in from defaults, a preset, or an earlier run. Pure."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from understudy.catalogue.manifest import Input, Model
from understudy.catalogue.sources import SAMPLES

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORT = 60
"""Characters up to which a preset is shown whole."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One input of the form."""

    input: Input
    label: str
    help: str
    value: str
    urls: tuple[str, ...] = ()
    """Of a file input: what is chosen already, as addresses."""
    sample: str = ""
    """Of a file input: the address of the sample picture that its default names."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """One of the model's examples."""

    title: str
    values: Mapping[str, str]
    """By input; of file inputs addresses."""


def form_of(model: Model, given: Mapping[str, str | Sequence[str]]) -> list[tuple[str, list[Shown]]]:
    """The groups of the form, in the order of the inputs; `given` goes before defaults."""
    shown = [_shown(each, given) for each in model.inputs]
    order = list(dict.fromkeys(each.input.group for each in shown))
    by_group = sorted(shown, key=lambda each: order.index(each.input.group))
    return [(group, list(inputs)) for group, inputs in groupby(by_group, key=lambda each: each.input.group)]


def presets_of(model: Model) -> list[Preset]:
    """The model's inspires, one click away; what one of them does not say is the default."""
    return [_preset(model, each) for each in model.inspires]


def label_of(each: Input) -> str:
    """For people: labels that are a program's own words (`inferencesteps`) give way to the input's name in words."""
    if each.label and not (each.label.islower() and " " not in each.label):
        return each.label
    words = _WORD.sub(" ", each.id).lower()
    return words[:1].upper() + words[1:]


def sample_url(name: str) -> str:
    """Where a bundled sample is, on this server."""
    return f"{SAMPLES}{name}"


def _shown(each: Input, given: Mapping[str, str | Sequence[str]]) -> Shown:
    known = given.get(each.id)
    about = [each.note] if each.note else []
    if (
        each.help
        and not each.help.endswith("-help")
        and not (each.note and each.help in label_of(each) + ".")
    ):
        about.insert(0, each.help)
    if not each.is_file:
        value = str(each.default) if known is None else str(known)
        return Shown(input=each, label=label_of(each), help=" ".join(about), value=value)
    urls = () if known is None else (known,) if isinstance(known, str) else tuple(known)
    sample = sample_url(str(each.default)) if each.default else ""
    return Shown(
        input=each,
        label=label_of(each),
        help=" ".join(about),
        value="",
        urls=tuple(filter(None, urls)),
        sample=sample,
    )


def _preset(model: Model, inspire: Mapping[str, str]) -> Preset:
    values: dict[str, str] = {}
    for each in model.inputs:
        value = inspire.get(each.id)
        if each.is_file:
            values[each.id] = value if value and "/" in value else sample_url(value) if value else ""
        else:
            values[each.id] = str(each.default) if value is None else value
    text = " ".join(str(inspire.get("prompt") or next(iter(inspire.values()), "")).split())
    return Preset(title=text if len(text) <= _SHORT else f"{text[:_SHORT].rstrip()} …", values=values)
