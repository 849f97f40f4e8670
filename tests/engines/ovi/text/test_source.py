from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.engines.ovi.text.tiny_text import CPU, TEXTS, random_encoder, tiny_tokenizer
from understudy.engines.ovi.text.cache import EmbeddingCache
from understudy.engines.ovi.text.encoder import TextEncoder
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.text.tokenizer import Tokenizer


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    return tiny_tokenizer(tmp_path)


@pytest.fixture
def cache() -> EmbeddingCache:
    return EmbeddingCache(device=CPU)


def never() -> TextEncoder:
    pytest.fail("the encoder was loaded")


def counted(loads: list[TextEncoder]) -> Callable[[], TextEncoder]:
    def load() -> TextEncoder:
        loads.append(random_encoder())
        return loads[-1]

    return load


def test_embeds_the_tokens_of_the_cleaned_text(tokenizer: Tokenizer, cache: EmbeddingCache) -> None:
    texts = TextSource(tokenizer, random_encoder, cache, device=CPU)
    ids = tokenizer.tokenise("the dog & the sea")
    assert torch.equal(texts.embed(" the dog &amp;\n the  sea"), random_encoder().encode(ids))


def test_a_text_is_encoded_once_however_it_is_spaced(tokenizer: Tokenizer, cache: EmbeddingCache) -> None:
    texts = TextSource(tokenizer, random_encoder, cache, device=CPU)
    first = texts.embed("the dog")
    assert torch.equal(texts.embed("  the   dog "), first)
    assert (cache.hits, cache.misses) == (1, 1)


def test_texts_in_the_cache_need_no_encoder(tokenizer: Tokenizer, cache: EmbeddingCache) -> None:
    known = TextSource(tokenizer, random_encoder, cache, device=CPU).embed(TEXTS[0])
    texts = TextSource(tokenizer, never, cache, device=CPU)
    assert texts.knows(TEXTS[0])
    assert not texts.knows(TEXTS[1])
    assert torch.equal(texts.embed(TEXTS[0]), known)


def test_the_encoder_is_loaded_late_and_once(tokenizer: Tokenizer, cache: EmbeddingCache) -> None:
    loads: list[TextEncoder] = []
    texts = TextSource(tokenizer, counted(loads), cache, device=CPU)
    texts.offload()
    assert len(loads) == 0
    texts.embed(TEXTS[0])
    texts.offload()
    texts.embed(TEXTS[1])
    assert len(loads) == 1
    texts.release()
    texts.embed(TEXTS[2])
    assert len(loads) == 2


def test_the_encoder_works_on_the_device_and_goes_home(tokenizer: Tokenizer) -> None:
    meta = torch.device("meta")
    loads: list[TextEncoder] = []
    texts = TextSource(tokenizer, counted(loads), EmbeddingCache(device=meta), device=meta)
    assert texts.embed(TEXTS[0]).is_meta
    assert loads[0].device == meta
    texts.offload()
    assert loads[0].device == CPU


def test_lasting_texts_stay_when_prompts_pass(tokenizer: Tokenizer, cache: EmbeddingCache) -> None:
    texts = TextSource(tokenizer, random_encoder, cache, device=CPU)
    texts.embed("blur", lasting=True)
    for number in range(300):
        cache.put(f"prompt {number}", torch.zeros(1, 1))
    assert texts.knows("blur")
    assert not texts.knows("prompt 0")
