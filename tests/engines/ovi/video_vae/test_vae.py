"""The whole autoencoder: against the recorded data, and against diffusers' own decoding."""

import msgspec
import pytest
import torch
from safetensors.torch import load_file
from torch.utils.flop_counter import FlopCounterMode

from tests.engines.ovi.golden import WHOLE, needs_whole
from tests.engines.ovi.video_vae.small import SMALL, latent, plain, weights
from understudy.engines.ovi.config import VideoVaeConfig
from understudy.engines.ovi.video_vae.loading import load_video_vae
from understudy.engines.ovi.video_vae.vae import VideoVae
from understudy.errors import EngineInputError


def small_vae(dtype: torch.dtype = torch.float32) -> VideoVae:
    return load_video_vae(weights(), SMALL, device="cpu", dtype=dtype)


def diffusers_decodes(z: torch.Tensor) -> torch.Tensor:
    """[z, F, h, w], normalised -> [3, frames, H, W]."""
    mean = torch.tensor(SMALL.latents_mean).view(-1, 1, 1, 1)
    std = torch.tensor(SMALL.latents_std).view(-1, 1, 1, 1)
    decoded: torch.Tensor = plain().decode((z * std + mean).unsqueeze(0)).sample[0]
    return decoded


@needs_whole
def test_the_recorded_data() -> None:
    assert WHOLE is not None
    folder = WHOLE / "wan_vae"
    config = msgspec.json.decode((folder / "diffusers_config.json").read_bytes(), type=VideoVaeConfig)
    vae = load_video_vae(load_file(folder / "model.safetensors"), config, device="cpu", dtype=torch.float32)
    data = load_file(folder / "io.safetensors")
    [z] = data["latent"]
    made = {
        "decoded": torch.cat([*vae.decode(z)], dim=1),
        "decoded_unclamped": torch.cat([*vae.decode(z, clamp=False)], dim=1),
        "encoded": vae.encode(data["video"]),
        "encoded_image": vae.encode_image(data["image"][:, :, 0]),
    }
    for name, tensor in made.items():
        torch.testing.assert_close(tensor, data[name][0], atol=1e-5, rtol=0, msg=name)


def test_a_stream_gives_what_diffusers_gives_at_once() -> None:
    z = latent(4)
    streamed = torch.cat([*small_vae().decode(z)], dim=1)
    torch.testing.assert_close(streamed, diffusers_decodes(z), atol=1e-5, rtol=0)


def test_the_first_latent_frame_is_one_picture_and_every_other_four() -> None:
    shapes = [tuple(pictures.shape) for pictures in small_vae().decode(latent(3))]
    assert shapes == [(3, 1, 48, 64), (3, 4, 48, 64), (3, 4, 48, 64)]


def test_pictures_arrive_before_later_ones_are_computed() -> None:
    vae = small_vae()
    chunks = vae.decode(latent(4))
    with FlopCounterMode(display=False) as first:
        next(chunks)
    with FlopCounterMode(display=False) as others:
        list(chunks)
    assert 0 < 10 * first.get_total_flops() < others.get_total_flops()


def test_two_clips_at_once_do_not_mix() -> None:
    vae = small_vae()
    one, other = latent(3), -latent(3)
    pairs = list(zip(vae.decode(one), vae.decode(other), strict=True))
    for made, alone in zip((first for first, _ in pairs), vae.decode(one), strict=True):
        torch.testing.assert_close(made, alone, atol=0, rtol=0)


def test_it_takes_fewer_products_than_diffusers() -> None:
    z, vae, reference = latent(3), small_vae(), plain()
    with FlopCounterMode(display=False) as ours:
        list(vae.decode(z))
    with FlopCounterMode(display=False) as theirs:
        reference.decode(z.unsqueeze(0))
    assert ours.get_total_flops() < 0.88 * theirs.get_total_flops()


def test_bfloat16_is_close() -> None:
    z = latent(3)
    wanted = torch.cat([*small_vae().decode(z, clamp=False)], dim=1)
    made = torch.cat([*small_vae(torch.bfloat16).decode(z, clamp=False)], dim=1)
    assert made.dtype == torch.float32
    assert (made - wanted).norm() < 0.03 * wanted.norm()


def test_pictures_are_clamped_unless_asked_not_to_be() -> None:
    z = 30 * latent(2)
    free = torch.cat([*small_vae().decode(z, clamp=False)], dim=1)
    assert free.abs().max() > 1
    torch.testing.assert_close(torch.cat([*small_vae().decode(z)], dim=1), free.clamp(-1, 1), atol=0, rtol=0)


def test_frames_are_the_pictures_in_bytes() -> None:
    vae, z = small_vae(), latent(2)
    for frames, pictures in zip(vae.frames(z), vae.decode(z), strict=True):
        wanted = ((pictures + 1) / 2 * 255).to(torch.uint8).permute(1, 2, 3, 0)
        assert (frames == wanted.numpy()).all()


def test_encoding_gives_the_normalised_mean_of_the_posterior() -> None:
    video = torch.rand(1, 3, 5, 32, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    mean = plain().encode(video).latent_dist.mean[0]
    wanted = (mean - torch.tensor(SMALL.latents_mean).view(-1, 1, 1, 1)) / torch.tensor(
        SMALL.latents_std
    ).view(-1, 1, 1, 1)
    vae = small_vae()
    torch.testing.assert_close(vae.encode(video), wanted, atol=1e-5, rtol=0)
    # Later frames have no say in the first.
    torch.testing.assert_close(vae.encode_image(video[:, :, 0]), wanted[:, :1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape", [(1, 3, 1, 40, 32), (1, 3, 1, 32, 24), (1, 3, 4, 32, 32)])
def test_sizes_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineInputError, match="multiples of 16"):
        small_vae().encode(torch.zeros(shape))
