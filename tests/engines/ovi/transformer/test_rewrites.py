"""Each exact rewrite against the plain form: what is saved must not show."""

import pytest
import torch

from tests.engines.ovi.distance import rel
from tests.engines.ovi.transformer import plain, small
from understudy.engines.ovi.guidance import apart, together
from understudy.engines.ovi.transformer.attention import TorchAttention
from understudy.engines.ovi.transformer.fusion import Velocity
from understudy.engines.ovi.transformer.text import attend_text, text_kv, text_rows

EXACT = 2e-6
CONFIG = small.config()
STATE = small.random_state(CONFIG)
MODEL = small.model_of(CONFIG, STATE)
GIVEN = small.inputs(CONFIG)


def near(found: Velocity, wanted: tuple[torch.Tensor, torch.Tensor]) -> bool:
    return rel(found.video, wanted[0]) < EXACT and rel(found.audio, wanted[1]) < EXACT


@pytest.mark.parametrize("clean_first", [False, True])
def test_one_or_two_time_rows_are_as_good_as_one_for_each_token(clean_first: bool) -> None:
    times = [999.0, 624.0, 1.5]
    moments = MODEL.moments(times, clean_first=clean_first)
    assert moments[0].video.blocks.shape == (2 if clean_first else 1, 6, CONFIG.video.dim)
    assert moments[0].audio.blocks.shape == (1, 6, CONFIG.audio.dim)
    geometry = MODEL.geometry((3, 6, 8), 11, clean_first=clean_first)
    only = MODEL.read(GIVEN.prompt, GIVEN.prompt)
    for t, moment in zip(times, moments, strict=True):
        [found] = MODEL(GIVEN.video, GIVEN.audio, moment, geometry, [only])
        wanted = plain.forward(
            STATE, CONFIG, GIVEN.video, GIVEN.audio, t, GIVEN.prompt, GIVEN.prompt, clean_first=clean_first
        )
        assert near(found, wanted)


def test_text_read_once_serves_every_step() -> None:
    """The same keys and values at three times; reading a text involves neither the latents nor the time."""
    only = MODEL.read(GIVEN.prompt, GIVEN.audio_negative)
    before = [tuple(tensor.clone() for tensor in kv) for pair in only.texts for kv in pair]
    geometry = MODEL.geometry((3, 6, 8), 11, clean_first=False)
    for t, moment in zip([900.0, 20.0], MODEL.moments([900.0, 20.0], clean_first=False), strict=True):
        [found] = MODEL(GIVEN.video * (t / 500), GIVEN.audio, moment, geometry, [only])
        wanted = plain.forward(
            STATE, CONFIG, GIVEN.video * (t / 500), GIVEN.audio, t, GIVEN.prompt, GIVEN.audio_negative
        )
        assert near(found, wanted)
    after = [tuple(kv) for pair in only.texts for kv in pair]
    assert all(
        torch.equal(x, y) for b, a in zip(before, after, strict=True) for x, y in zip(b, a, strict=True)
    )


@pytest.mark.parametrize("words", [1, 9, 31, 32, 33, 64, 79, 80, 200])
def test_merged_padding_weighs_as_much_as_all_of_it(words: int) -> None:
    """From none of 80 rows merged to 48; rows beyond the 80 are cut off."""
    given = small.inputs(CONFIG, words=(words, 1, 1))
    rows, pads = text_rows(given.prompt, CONFIG.video.text_len)
    assert len(rows) - 1 + pads == CONFIG.video.text_len
    only = MODEL.read(given.prompt, given.prompt)
    geometry = MODEL.geometry((3, 6, 8), 11, clean_first=False)
    [moment] = MODEL.moments([700], clean_first=False)
    [found] = MODEL(given.video, given.audio, moment, geometry, [only])
    text = given.prompt[: CONFIG.video.text_len]
    assert near(found, plain.forward(STATE, CONFIG, given.video, given.audio, 700, text, text))


@pytest.mark.parametrize("pads", [0, 1, 7, 352])
@pytest.mark.parametrize("size", [0.1, 30.0])
def test_a_key_raised_by_ln_p_is_p_equal_keys(pads: int, size: float) -> None:
    generator = torch.Generator().manual_seed(pads)
    q, k, v = (torch.randn(count, 3, 16, generator=generator) for count in (5, 12, 12))
    q = q * size  # large logits, too: the share is computed without overflow
    found = attend_text(q[None], [text_kv(k, v, pads)], TorchAttention())[0]
    all_k, all_v = (torch.cat([each[:-1], each[-1:].expand(pads, -1, -1)]).double() for each in (k, v))
    weights = torch.softmax(torch.einsum("nhd,mhd->hnm", q.double(), all_k) / 4, -1)
    assert rel(found, torch.einsum("hnm,mhd->nhd", weights, all_v)) < EXACT


@pytest.mark.parametrize("network", [together, apart])
@pytest.mark.parametrize("clean_first", [False, True])
@pytest.mark.parametrize("skip", [None, 1, 2])
def test_two_passes_that_share_their_beginning_are_two_passes(
    network, clean_first: bool, skip: int | None
) -> None:
    geometry = MODEL.geometry((3, 6, 8), 11, clean_first=clean_first)
    [moment] = MODEL.moments([850], clean_first=clean_first)
    passes = [
        MODEL.read(GIVEN.prompt, GIVEN.prompt),
        MODEL.read(GIVEN.video_negative, GIVEN.audio_negative, skip=skip),
    ]
    found = network(MODEL)(GIVEN.video, GIVEN.audio, moment, geometry, passes)
    latents = (STATE, CONFIG, GIVEN.video, GIVEN.audio, 850)
    assert near(found[0], plain.forward(*latents, GIVEN.prompt, GIVEN.prompt, clean_first=clean_first))
    negatives = (GIVEN.video_negative, GIVEN.audio_negative)
    assert near(found[1], plain.forward(*latents, *negatives, clean_first=clean_first, skip=skip))


def test_a_skipped_block_is_done_for_the_other_pass_only() -> None:
    batches = []
    block = MODEL.blocks[1]
    plainly = block.before_text

    def counted(video, *rest):
        batches.append(len(video))
        return plainly(video, *rest)

    geometry = MODEL.geometry((3, 6, 8), 11, clean_first=False)
    [moment] = MODEL.moments([850], clean_first=False)
    kept = MODEL.read(GIVEN.prompt, GIVEN.prompt)
    skipping = MODEL.read(GIVEN.prompt, GIVEN.prompt, skip=1)
    object.__setattr__(block, "before_text", counted)
    try:
        MODEL(GIVEN.video, GIVEN.audio, moment, geometry, [kept, skipping])
        MODEL(GIVEN.video, GIVEN.audio, moment, geometry, [kept, kept])
        MODEL(GIVEN.video, GIVEN.audio, moment, geometry, [skipping, skipping])
    finally:
        object.__delattr__(block, "before_text")
    assert batches == [1, 2]
