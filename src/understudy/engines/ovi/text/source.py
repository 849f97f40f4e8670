"""Where a run gets the embeddings of its texts: the cache, or the encoder where the cache has none."""

from collections.abc import Callable

import torch
from torch import Tensor

from understudy.engines.ovi.text.cache import EmbeddingCache
from understudy.engines.ovi.text.clean import clean
from understudy.engines.ovi.text.encoder import TextEncoder
from understudy.engines.ovi.text.tokenizer import Tokenizer


class TextSource:
    """Embeds texts on `device`. The encoder is loaded when a text needs it for the first time, and never before."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        load: Callable[[], TextEncoder],
        cache: EmbeddingCache,
        *,
        device: torch.device,
    ) -> None:
        """`load` may leave the encoder's weights elsewhere than on `device`; they are copied there to encode."""
        self._tokenizer = tokenizer
        self._load = load
        self._cache = cache
        self._device = device
        self._encoder: TextEncoder | None = None

    def knows(self, text: str) -> bool:
        """Whether the cache has the embedding of `text`, so that `embed` will not need the encoder."""
        return clean(text) in self._cache

    def embed(self, text: str, *, lasting: bool = False) -> Tensor:
        """The embedding [n, d_model] of `text` on `device`; n <= text_len, the rest is the transformer's to pad.

        `lasting`: a text that many runs share, such as a negative prompt. The tensor is the cache's own: not to be
        written to.
        """
        cleaned = clean(text)
        found = self._cache.get(cleaned)
        if found is None:
            found = self._encode(cleaned)
        self._cache.put(cleaned, found, lasting=lasting)
        return found.to(self._device)

    def offload(self) -> None:
        """Take the encoder off `device`, if its weights live elsewhere; after the last text of a run."""
        if self._encoder is not None:
            self._encoder.offload()

    def release(self) -> None:
        """Forget the encoder: its memory comes back, and the next new text loads it again."""
        self._encoder = None

    def _encode(self, cleaned: str) -> Tensor:
        if self._encoder is None:
            self._encoder = self._load()
        self._encoder.to(self._device)
        return self._encoder.encode(self._tokenizer.tokenise(cleaned))
