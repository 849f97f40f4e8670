"""Checkpoints' tensors, their names in other libraries, and configurations, as lists: compared with ours."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import msgspec

from understudy.engines.ovi.audio.tensors import weight_norm_spelling
from understudy.engines.ovi.config import REAL, OviConfig, TextConfig, VideoVaeConfig
from understudy.engines.ovi.tensor_table import Shapes, elements
from understudy.engines.ovi.text.names import transformers_names
from understudy.engines.ovi.verify import inferred
from understudy.engines.ovi.verify.case import Case, Measure, NotJudged, Unreadable, Where, equal
from understudy.engines.ovi.verify.files import read_json
from understudy.engines.ovi.video_vae.names import diffusers_names
from understudy.engines.ovi.weights.expected import expected
from understudy.engines.ovi.weights.sources import Part, sources_of

_SIGNS: Final[dict[Part, str]] = {
    "transformer": "video_model.",
    "text": "token_embedding.",
    "video_vae": "decoder.upsamples.",
    "audio_vae": "decoder.up.",
    "vocoder": "conv_pre.",
}
"""How a name begins that only this part has."""


class Listed(NamedTuple):
    """A list of tensors."""

    part: Part
    shapes: Shapes
    document: dict[str, Any]

    @property
    def elements(self) -> int:
        """Numbers in all tensors, as recorded."""
        return int(self.document.get("num_elements", elements(self.shapes)))


class Beside(NamedTuple):
    """What the folder of a list holds."""

    lists: list[Listed]
    configs: list[TextConfig | VideoVaeConfig]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """What can be read of it; a file that cannot is a failed case when it is its own turn."""
        beside = cls([], [])
        for path in sorted(folder.glob("*.json")):
            with suppress(Unreadable):
                document = read_json(path)
                if (found := _listed(document)) is not None:
                    beside.lists.append(found)
                elif (config := _config(document)) is not None:
                    beside.configs.append(config)
        return beside


def cases(path: Path, where: Where) -> Iterator[Case]:
    """A list of tensors, a table of names or a configuration."""
    name, document, beside = f"keys/{path.stem}", read_json(path), Beside.of(path.parent)
    if (found := _listed(document)) is not None:
        yield Case(name, partial(_tensors, found, beside))
    elif (config := _config(document)) is not None:
        yield Case(name, partial(_configuration, config, beside))
    elif (part := _renamed(document)) is not None:
        yield Case(name, partial(_names, part, document, beside))
    else:
        raise NotJudged("What this file lists is not known.")


def _tensors(found: Listed, beside: Beside) -> Iterator[Measure]:
    config = _whole_config(found.part, [found], beside)
    ours = expected(found.part, config)
    names = dict.fromkeys([*found.shapes, *ours])
    yield equal("tensors", [(name, ours.get(name), found.shapes.get(name)) for name in names])
    counts = {"num_tensors": len(ours), "num_elements": elements(ours)}
    yield equal(
        "counts", [(key, counts[key], found.document[key]) for key in counts if key in found.document]
    )
    if config is REAL and "files" in found.document:
        sources = {source for variant in REAL.variants for source in sources_of(REAL, variant)}
        files = sorted(source.here for source in sources if source.part == found.part)
        yield equal("files", [("files", files, sorted(found.document["files"]))])


def _configuration(config: TextConfig | VideoVaeConfig, beside: Beside) -> Iterator[Measure]:
    part: Part = "text" if isinstance(config, TextConfig) else "video_vae"
    if any(each.part == part and not _is_real(each) for each in beside.lists):
        raise NotJudged("It is of a model of another size than ours; the list of tensors was compared by it.")
    ours = REAL.text if isinstance(config, TextConfig) else REAL.video_vae
    fields = config.__struct_fields__
    yield equal("settings", [(name, getattr(ours, name), getattr(config, name)) for name in fields])


def _names(part: Part, document: Mapping[str, str], beside: Beside) -> Iterator[Measure]:
    config = _whole_config(part, [each for each in beside.lists if each.part == part], beside)
    ours = transformers_names(config.text) if part == "text" else diffusers_names(config.video_vae)
    names = dict.fromkeys([*document, *ours])
    yield equal("names", [(name, ours.get(name), document.get(name)) for name in names])


def _whole_config(part: Part, lists: list[Listed], beside: Beside) -> OviConfig:
    """The real one for lists of its size; else with what stands beside them for this part, or what their shapes tell."""
    if all(map(_is_real, lists)):
        return REAL
    for config in beside.configs:
        if part == "text" and isinstance(config, TextConfig):
            return msgspec.structs.replace(REAL, text=config)
        if part == "video_vae" and isinstance(config, VideoVaeConfig):
            return msgspec.structs.replace(REAL, video_vae=config)
    shapes = lists[0].shapes
    try:
        match part:
            case "transformer":
                return msgspec.structs.replace(REAL, fusion=inferred.fusion(shapes))
            case "text":
                return msgspec.structs.replace(REAL, text=inferred.text(shapes))
            case "video_vae":
                return msgspec.structs.replace(REAL, video_vae=inferred.video_vae(shapes))
            case "audio_vae":
                return msgspec.structs.replace(REAL, audio_vae=inferred.audio_vae(shapes))
            case _:
                return msgspec.structs.replace(REAL, vocoder=inferred.vocoder(shapes))
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise NotJudged(
            f"It is of another size than our model, and does not tell its configuration ({error}): put that beside it."
        ) from error


def _is_real(found: Listed) -> bool:
    return found.elements == elements(expected(found.part, REAL))


def _listed(document: Any) -> Listed | None:
    """Raises `Unreadable` for tensors without a shape."""
    tensors = document.get("tensors") if isinstance(document, dict) else None
    if not isinstance(tensors, dict):
        return None
    try:
        shapes = {
            weight_norm_spelling(name): tuple(map(int, each["shape"])) for name, each in tensors.items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable("A tensor of the list has no shape.") from error
    parts = (part for part, sign in _SIGNS.items() if any(name.startswith(sign) for name in shapes))
    part = next(parts, None)
    return None if part is None else Listed(part, shapes, document)


def _config(document: Any) -> TextConfig | VideoVaeConfig | None:
    """Raises `Unreadable` for one that is not complete."""
    try:
        if isinstance(document, dict) and "d_kv" in document:
            return msgspec.convert(document, TextConfig)
        if isinstance(document, dict) and "decoder_base_dim" in document:
            return msgspec.convert(document, VideoVaeConfig)
    except msgspec.ValidationError as error:
        raise Unreadable(f"The configuration cannot be used: {error}.") from error
    return None


def _renamed(document: Any) -> Part | None:
    """The part whose tensors a table renames."""
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document.values()):
        return None
    renamed: tuple[Part, ...] = ("text", "video_vae")
    return next((part for part in renamed if any(name.startswith(_SIGNS[part]) for name in document)), None)
