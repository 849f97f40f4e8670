"""Where the weights come from, as data: repositories of the Hugging Face hub, files, sizes, licences."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from understudy.engines.ovi.config import OviConfig
from understudy.errors import ConfigurationError

Part = Literal["transformer", "text", "tokenizer", "video_vae", "audio_vae", "vocoder"]


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository of models, and the folder that takes its files."""

    name: str
    """As the hub knows it, `owner/name`."""
    folder: str
    """Where the reference keeps its files: a folder of weights that serves one serves the other."""
    licence: str
    commercial: bool = True
    """Whether the licence allows commercial use."""

    @property
    def notice(self) -> str:
        """A sentence on the licence, to be shown before anything is downloaded."""
        if self.commercial:
            return f"{self.name}: {self.licence}."
        return (
            f"{self.name}: {self.licence}: NON-COMMERCIAL USE ONLY (the sound's autoencoder and vocoder,"
            " and with them every clip's sound)."
        )


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One file of weights."""

    part: Part
    repository: Repository
    path: str
    """In the repository."""
    size: int
    """Roughly, in bytes; 0 if unknown."""

    @property
    def here(self) -> str:
        """In the folder of the weights."""
        return f"{self.repository.folder}/{self.path}"


OVI: Final = Repository(name="chetwinlow1/Ovi", folder="Ovi", licence="Apache-2.0")
WAN: Final = Repository(name="Wan-AI/Wan2.2-TI2V-5B", folder="Wan2.2-TI2V-5B", licence="Apache-2.0")
MMAUDIO: Final = Repository(
    name="hkchengrex/MMAudio", folder="MMAudio", licence="CC-BY-NC-4.0", commercial=False
)
REPOSITORIES: Final = (OVI, WAN, MMAUDIO)

SHARED: Final = (
    Source(part="text", repository=WAN, path="models_t5_umt5-xxl-enc-bf16.pth", size=11_360_000_000),
    Source(part="tokenizer", repository=WAN, path="google/umt5-xxl/tokenizer.json", size=16_800_000),
    Source(part="video_vae", repository=WAN, path="Wan2.2_VAE.pth", size=2_820_000_000),
    Source(part="audio_vae", repository=MMAUDIO, path="ext_weights/v1-16.pth", size=687_000_000),
    Source(part="vocoder", repository=MMAUDIO, path="ext_weights/best_netG.pt", size=449_000_000),
)
"""What every variant needs beside its transformer."""

_TRANSFORMER_BYTES: Final = 23_320_000_000


def sources_of(config: OviConfig, variant: str) -> tuple[Source, ...]:
    """Every file that a variant needs, its transformer first.

    Raises `ConfigurationError` if the configuration has no such variant.
    """
    known = config.variants.get(variant)
    if known is None:
        raise ConfigurationError(
            f"There is no variant {variant!r} of these weights; there are: {', '.join(config.variants)}."
        )
    transformer = Source(part="transformer", repository=OVI, path=known.checkpoint, size=_TRANSFORMER_BYTES)
    return (transformer, *SHARED)


def notices(sources: Iterable[Source]) -> tuple[str, ...]:
    """The notice of each repository among them, restrictions last."""
    found = {source.repository.name: source.repository for source in sources}
    return tuple(each.notice for each in sorted(found.values(), key=lambda each: not each.commercial))
