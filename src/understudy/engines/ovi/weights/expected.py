"""What a file of weights has to hold: the names and shapes of its tensors, for a configuration."""

from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.tensor_table import Shape
from understudy.engines.ovi.weights.sources import Part


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
