"""What a file of weights has to hold: the names and shapes of its tensors, for a configuration."""

import re
from collections.abc import Mapping

from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.weights.sources import Part

Shape = tuple[int, ...]

_WEIGHT_NORM = re.compile(r"\.parametrizations\.weight\.original([01])$")


def expected(part: Part, config: OviConfig) -> dict[str, Shape]:
    """Names and shapes of a part's tensors, as the reference stores them; none for the tokenizer."""
    # Imported here: each of these describes a network, and one is asked for at a time.
    match part:
        case "transformer":
            from understudy.engines.ovi.transformer.names import fusion_tensors

            return fusion_tensors(config.fusion)
        case "text":
            from understudy.engines.ovi.text.names import text_tensors

            return text_tensors(config.text)
        case "video_vae":
            from understudy.engines.ovi.video_vae.names import video_vae_tensors

            return video_vae_tensors(config.video_vae)
        case "audio_vae":
            from understudy.engines.ovi.audio.tensors import vae_tensors

            return vae_tensors(config.audio_vae)
        case "vocoder":
            from understudy.engines.ovi.audio.tensors import vocoder_tensors

            return vocoder_tensors(config.vocoder)
        case "tokenizer":
            return {}


def needed(part: Part, name: str) -> bool:
    """Whether generation uses a tensor: all but the sound's encoder."""
    return not (part == "audio_vae" and name.startswith("encoder."))


def weight_norm_spelling(name: str) -> str:
    """A tensor's name with weight norm spelt `weight_g`, `weight_v`; newer versions of torch spell it otherwise."""
    return _WEIGHT_NORM.sub(lambda found: ".weight_g" if found[1] == "0" else ".weight_v", name)


def differences(found: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> tuple[str, ...]:
    """Sentences on what is missing, unexpected or of another shape; none if all is right."""
    wrong = [
        f"{name} is {_shown(found[name])}, not {_shown(shape)}"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    lists = {
        "missing": [name for name in wanted if name not in found],
        "unexpected": [name for name in found if name not in wanted],
        "of another shape": wrong,
    }
    return tuple(_sentence(kind, names) for kind, names in lists.items() if names)


def _sentence(kind: str, names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)} tensor{'s' * (len(names) > 1)} {kind}: {', '.join(names[:most])}{more}."


def _shown(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "a number"
