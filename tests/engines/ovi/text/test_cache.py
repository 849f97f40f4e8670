import torch
from torch import Tensor

from tests.engines.ovi.text.tiny_text import CPU
from understudy.engines.ovi.text.cache import Bounds, EmbeddingCache


def rows(n: int) -> Tensor:
    """An embedding of n * 8 bytes."""
    return torch.full((n, 2), float(n))


def cache(*, count: int = 3, nbytes: int = 1000, forever: tuple[str, ...] = ()) -> EmbeddingCache:
    bounds = Bounds(count=count, nbytes=nbytes)
    return EmbeddingCache(device=CPU, forever=forever, passing=bounds, lasting=bounds)


def test_gives_back_what_was_put_and_counts() -> None:
    kept = cache()
    embedding = rows(2)
    assert kept.get("a") is None
    kept.put("a", embedding)
    assert kept.get("a") is embedding
    assert (kept.hits, kept.misses) == (1, 1)
    assert "a" in kept
    assert "b" not in kept
    assert (kept.hits, kept.misses) == (1, 1)


def test_what_was_used_longest_ago_leaves_first() -> None:
    kept = cache(count=2)
    kept.put("a", rows(1))
    kept.put("b", rows(1))
    kept.get("a")
    kept.put("c", rows(1))
    assert [text in kept for text in "abc"] == [True, False, True]


def test_bytes_are_bounded_as_well() -> None:
    kept = cache(nbytes=40)
    kept.put("a", rows(2))
    kept.put("b", rows(2))
    kept.put("c", rows(3))
    assert [text in kept for text in "abc"] == [False, True, True]
    assert kept.nbytes == 40


def test_one_too_large_pushes_nobody_out() -> None:
    kept = cache(nbytes=40)
    kept.put("a", rows(2))
    kept.put("b", rows(6))
    assert "a" in kept
    assert "b" not in kept


def test_putting_again_counts_once() -> None:
    kept = cache(count=2)
    kept.put("a", rows(2))
    kept.put("b", rows(1))
    kept.put("a", rows(3))
    kept.put("c", rows(1))
    assert [text in kept for text in "abc"] == [True, False, True]
    assert kept.nbytes == 32


def test_prompts_do_not_push_out_negative_prompts() -> None:
    kept = cache(count=2)
    kept.put("negative", rows(1), lasting=True)
    for prompt in "abcd":
        kept.put(prompt, rows(1))
    assert "negative" in kept


def test_negative_prompts_push_out_each_other_but_not_the_manifests() -> None:
    kept = cache(count=2, forever=("blur",))
    kept.put("blur", rows(1), lasting=True)
    kept.put("prompt", rows(1))
    for negative in "abc":
        kept.put(negative, rows(1), lasting=True)
    assert [text in kept for text in "abc"] == [False, True, True]
    assert "blur" in kept
    assert "prompt" in kept
    assert kept.nbytes == 32


def test_a_text_that_becomes_lasting_moves_and_stays() -> None:
    kept = cache(count=2)
    kept.put("a", rows(1))
    kept.put("a", rows(1), lasting=True)
    kept.put("a", rows(1))
    assert kept.nbytes == 8
    for prompt in "bcd":
        kept.put(prompt, rows(1))
    assert "a" in kept


def test_keeps_on_the_device_that_was_asked_for() -> None:
    kept = EmbeddingCache(device=torch.device("meta"))
    kept.put("a", rows(1))
    found = kept.get("a")
    assert found is not None
    assert found.is_meta
