"""Folders of shapes that were never recorded, made by other implementations of the same formulas."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from diffusers import UniPCMultistepScheduler
from safetensors.torch import save_file
from torch import Tensor
from transformers import UMT5Config, UMT5EncoderModel

from tests.engines.ovi.audio import formulas, states
from tests.engines.ovi.text import tiny_text
from tests.engines.ovi.transformer import small
from tests.engines.ovi.verify.folders import Shape, alter_json, run, write, write_model, write_pass, write_run
from tests.engines.ovi.video_vae import small as small_vae
from understudy.engines.ovi.audio.tensors import vae_tensors, vocoder_tensors
from understudy.engines.ovi.config import REAL, AudioVaeConfig, OviConfig, VocoderConfig
from understudy.engines.ovi.text.names import transformers_names
from understudy.engines.ovi.video_vae.names import diffusers_names
from understudy.engines.ovi.weights.expected import expected
from understudy.engines.ovi.weights.sources import Part
from understudy.engines.ovi.weights.tiny import tiny_config

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("dim", "heads", "blocks"), [(40, 5, 1), (72, 2, 4), (28, 2, 2)])
def test_passes(tmp_path: Path, capsys: Capture, dim: int, heads: int, blocks: int) -> None:
    folder = tmp_path / "fusion"
    config = small.config(dim=dim, heads=heads, blocks=blocks, text_len=9)
    state = write_model(folder, config, "weights_of_it.safetensors", "settings.json")
    shapes = {
        "full text": (Shape(), {"t": 3}),
        "one word": (Shape(words=(1, 1, 1)), {"t": 1000.0}),
        "one frame": (Shape(video=(1, 2, 2), length=1), {"t": 0.5}),
        "batched": (Shape(video=(3, 6, 2), length=17), {"t": 731.25, "batched": True}),
        "clean": (Shape(), {"t": 250, "clean_first": True}),
        "skipped": (Shape(), {"t": 999, "skip": blocks - 1}),
    }
    cases: list[dict[str, Any]] = []
    for name, (shape, how) in shapes.items():
        file = write_pass(folder, state, config, shape, **how)  # type: ignore[arg-type]
        listed = {"slg_layer": how.get("skip", False), "first_frame_is_clean": how.get("clean_first", False)}
        paths = {"file": file, "weights": "weights_of_it.safetensors", "config": "settings.json"}
        cases.append({"name": name, "t": how["t"], **listed, **paths})
    write(folder / "cases.json", cases)
    done = run(tmp_path, capsys)
    assert (done.code, done.wrong()) == (0, {})
    assert set(done.outcomes) == {f"fusion/{name}" for name in shapes}
    alter_json(folder / "cases.json", lambda document: document[0].update(first_frame_is_clean=True))
    assert run(tmp_path, capsys).wrong() == {"fusion/full text": "beyond"}


def test_settings_beside_the_towers_are_of_both(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "fusion"
    config = small.config()
    state = write_model(folder, config, "model.safetensors", "config.json")
    file = write_pass(folder, state, config, Shape(), t=10)
    write(folder / "cases.json", [{"name": "it", "file": file}])

    def move(document: dict[str, Any]) -> None:
        for name in ("text_len", "text_dim", "eps"):
            document[name] = document["video"].pop(name)
            del document["audio"][name]

    alter_json(folder / "config.json", move)
    assert run(tmp_path, capsys).code == 0


def test_runs(tmp_path: Path, capsys: Capture) -> None:
    config = small.config(dim=40, heads=2, blocks=3, text_len=12)
    state = write_model(tmp_path / "weights", config, "m.safetensors", "c.json")
    wanted: dict[str, dict[str, Any]] = {
        "five": {"solver": "unipc", "steps": 5, "shift": 3.0, "skip": 2, "scales": (2.0, 5.5)},
        "one": {"solver": "unipc", "steps": 1, "shift": 5.0, "skip": None, "scales": (4.0, 3.0)},
        "straight": {"solver": "euler", "steps": 3, "shift": 8.0, "skip": 1, "scales": (1.0, 1.0)},
        "multi": {"solver": "dpm++", "steps": 6, "shift": 5.0, "skip": 0, "scales": (4.0, 3.0)},
    }
    runs = []
    for name, how in wanted.items():
        path = tmp_path / "denoise" / f"{name}.safetensors"
        entry = write_run(path, state, config, Shape(length=5), first_frame=name in ("five", "multi"), **how)
        runs.append(entry | {"weights": "../weights/m.safetensors", "config": "../weights/c.json"})
    write(tmp_path / "denoise" / "denoise.json", runs)
    done = run(tmp_path, capsys)
    assert (done.code, done.wrong()) == (0, {})
    assert set(done.outcomes) == {
        f"denoise/{name}{part}" for name in wanted for part in ("", ", each call", ", times")
    }
    alter_json(tmp_path / "denoise" / "denoise.json", lambda document: document[0].update(slg_layer=1))
    assert set(run(tmp_path, capsys).wrong()) == {"denoise/five", "denoise/five, each call"}
    assert run(tmp_path, capsys, "--dtype", "bfloat16").code == 1


def test_ways_of_solvers(tmp_path: Path, capsys: Capture) -> None:
    steps, shift = 17, 2.5
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift, solver_order=2
    )
    scheduler.set_timesteps(sigmas=np.linspace(float(np.float32(0.999)), 0, steps + 1)[:-1])
    x = torch.randn(2, 9, generator=torch.Generator().manual_seed(3))
    folder = tmp_path / "sampler"
    data = {"x_initial": x, "timesteps": scheduler.timesteps.float(), "sigmas": scheduler.sigmas.clone()}
    outputs, seen = [], []
    for t in scheduler.timesteps:
        outputs.append(-(torch.tanh(x) ** 2) / 3 + 0.1 * x * np.exp(-float(t) / 500))
        x = scheduler.step(outputs[-1], t, x).prev_sample
        seen.append(x)
    data |= {"model_output": torch.stack(outputs), "x_after_step": torch.stack(seen)}
    folder.mkdir()
    save_file(data, folder / "way.safetensors")
    how = {"file": "way.safetensors", "solver": "unipc", "steps": steps, "shift": shift}
    formula = "v(x,t) = -tanh(x)**2/3 + 0.1*x*exp(-t/500)"
    write(folder / "trajectories.json", [how | {"model": formula}])
    grid = {
        "timesteps": [int(t) for t in scheduler.timesteps],
        "sigmas": [float(sigma) for sigma in scheduler.sigmas],
    }
    write(
        folder / "schedules.json",
        {
            "shift": shift,
            "schedules": {"unipc": {"17": grid}},
            "unipc_other_shifts": [{"shift": shift, **grid}],
        },
    )
    # The same shift in both lists would be one name twice.
    alter_json(folder / "schedules.json", lambda document: document.pop("schedules"))
    done = run(tmp_path, capsys)
    assert (done.code, done.wrong()) == (0, {})
    assert set(done.outcomes) == {"sampler/unipc, 17 steps, shift 2.5", "sampler/way"}
    for several in ({"2.5": grid}, {"2.5": [grid]}, {"2.5": {"17": grid}}):
        write(folder / "schedules.json", {"unipc_other_shifts": several})
        assert run(tmp_path, capsys).outcomes.keys() == done.outcomes.keys()
    write(folder / "trajectories.json", [how | {"model": "a secret"}])
    led = run(tmp_path, capsys).outcomes["sampler/way"]
    assert led.verdict == "ok"
    assert "Recorded outputs were used" in led.measures[-1].note


def test_sound(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "audio_vae"
    vae = states.random_state(vae_tensors(states.VAE))
    vocoder = states.random_state(vocoder_tensors(states.VOCODER))
    latent = states.noise(2, states.VAE.embed_dim, 5)
    normalised = formulas.decoded(vae, states.VAE, latent)
    mel = normalised * vae["data_std"] + vae["data_mean"]
    given = states.noise(3, states.VAE.data_dim, 8)
    mean, logvar = formulas.encoded(vae, states.VAE, given)
    io = {"latent": latent, "mel_normalised": normalised, "mel": mel}
    io |= {"waveform": formulas.vocoded(vocoder, states.VOCODER, mel)}
    io |= {"enc_mel": given, "enc_mean": mean, "enc_logvar": logvar}
    folder.mkdir()
    for name, tensors in (("io", io), ("vae", vae), ("bigvgan", vocoder)):
        save_file(
            {key: tensor.float().contiguous() for key, tensor in tensors.items()},
            folder / f"{name}.safetensors",
        )
    write(folder / "config.json", _settings(vae=states.VAE, vocoder=states.VOCODER))
    done = run(tmp_path, capsys)
    assert (done.code, done.wrong()) == (0, {})
    assert set(done.outcomes) == {
        f"audio_vae/{name}" for name in ("decode", "encode", "vocoder, mel", "latent to sound")
    }
    save_file(
        {"mel_only_input": given, "mel_only_waveform": states.noise(3, 1, 80)}, folder / "io_2.safetensors"
    )
    assert run(tmp_path, capsys).wrong() == {"audio_vae/io_2/vocoder, mel_only_input": "beyond"}
    # One of the batch, without an axis for it.
    single = {key: tensor[0].float().contiguous() for key, tensor in io.items()}
    save_file(single, folder / "io_2.safetensors")
    assert run(tmp_path, capsys).code == 0


def test_pictures(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "wan_vae"
    config, vae = small_vae.SMALL, small_vae.plain()
    mean, std = (
        torch.tensor(each).view(1, -1, 1, 1, 1) for each in (config.latents_mean, config.latents_std)
    )
    z = torch.stack([3 * small_vae.latent(2, 2, 3), small_vae.latent(2, 2, 3)])
    decoded = vae.decode(z * std + mean).sample
    image = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(4)) * 2 - 1
    encoded = (vae.encode(image.unsqueeze(2)).latent_dist.mean - mean) / std
    folder.mkdir()
    save_file(small_vae.weights(), folder / "model.safetensors")
    save_file(
        {"latent": z, "decoded": decoded, "image": image, "encoded_image": encoded}, folder / "io.safetensors"
    )
    write(folder / "diffusers_config.json", msgspec.to_builtins(config))
    done = run(tmp_path, capsys)
    assert (done.code, set(done.outcomes)) == (0, {"wan_vae/decoded", "wan_vae/encoded_image"})
    assert done.wrong() == {}
    alter_json(folder / "diffusers_config.json", lambda document: document["latents_mean"].reverse())
    assert set(run(tmp_path, capsys).wrong()) == set(done.outcomes)


def test_texts(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "umt5"
    config, state = tiny_text.CONFIG, tiny_text.random_state()
    settings = {name: getattr(config, name) for name in config.__struct_fields__}
    model = UMT5EncoderModel(UMT5Config(feed_forward_proj="gated-gelu", **settings)).eval()
    names = transformers_names(config)
    renamed = {names[name]: tensor for name, tensor in state.items()}
    model.load_state_dict(renamed | {"encoder.embed_tokens.weight": renamed["shared.weight"]})
    ids = torch.randint(1, 80, (4, 11), generator=torch.Generator().manual_seed(6))
    mask = (torch.arange(11) < torch.tensor([[11], [1], [6], [4]])).long()
    ids *= mask
    with torch.no_grad():
        output: Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
    folder.mkdir()
    save_file(state, folder / "model.safetensors")
    write(folder / "config.json", settings)
    io = {"ids": ids, "mask": mask, "output": output, "embedding2": output[2, :6].clone()}
    save_file(io, folder / "io.safetensors")
    done = run(tmp_path, capsys)
    assert (done.code, done.wrong()) == (0, {})
    assert [len(each.measures) for each in done.outcomes.values()] == [1, 1, 2, 1]
    output[3, 3, 0] += 2e-4
    output[1, 5, 0] += 9  # padding
    mask[0, 0] = 0
    save_file(io, folder / "io.safetensors")
    done = run(tmp_path, capsys)
    assert done.wrong() == {"umt5/text 3": "beyond"}
    assert done.outcomes["umt5/text 0"].verdict == "skipped"


PARTS: tuple[Part, ...] = ("transformer", "text", "video_vae", "audio_vae", "vocoder")
OTHER = msgspec.structs.replace(tiny_config(), audio_vae=states.VAE, vocoder=states.VOCODER)


@pytest.mark.parametrize("config", [OTHER, tiny_config()])
def test_names_and_shapes_of_other_sizes(tmp_path: Path, capsys: Capture, config: OviConfig) -> None:
    folder = tmp_path / "keys"
    for part in PARTS:
        tensors = {name: {"shape": list(shape)} for name, shape in expected(part, config).items()}
        write(folder / f"list_of_{part}.json", {"tensors": tensors, "num_tensors": len(tensors)})
    write(folder / "renamed_text.json", transformers_names(config.text))
    write(folder / "renamed_video.json", diffusers_names(config.video_vae))
    write(folder / "notes.json", {"unknown": "of old"})
    done = run(tmp_path, capsys)
    assert (done.code, done.wrong()) == (0, {})
    assert len(done.outcomes) == 8
    assert done.outcomes["keys/notes.json"].verdict == "skipped"
    # A configuration beside them has the last word.
    video = msgspec.structs.replace(config.video_vae, num_res_blocks=1)
    write(folder / "settings.json", msgspec.to_builtins(video))
    done = run(tmp_path, capsys)
    assert set(done.wrong()) == {"keys/list_of_video_vae", "keys/renamed_video"}
    assert done.outcomes["keys/settings"].verdict == "skipped"


def test_other_variants(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "preprocess"
    figures = {"checkpoint": "m.safetensors", "target_area": 640 * 640, "video_latent_frames": 5}
    figures |= {
        "audio_latent_length": 21,
        "fps": 16,
        "sample_rate": 8000,
        "caption_style": "<AUDCAP>...<ENDAUDCAP>",
    }
    figures |= {"video_frames": 17, "video_seconds": 17 / 16, "audio_samples": 512 * 21}
    write(folder / "variants.json", {"small_1s": figures})
    prompts = [{"input": "Rain. Audio: drops", "output": "Rain. <AUDCAP>drops<ENDAUDCAP>"}]
    write(folder / "prompt_format.json", {"small_1s": prompts, "nobody_knows": prompts})
    write(folder / "sizes.json", [{"h": 100, "w": 300, "target_area": 1024, "t2v_hw": [32, 64]}])
    done = run(tmp_path, capsys)
    assert (done.code, done.wrong()) == (0, {})
    assert done.outcomes["preprocess/prompts nobody_knows"].verdict == "skipped"
    assert REAL.variants.keys() & {"small_1s"} == set()


def test_lists_of_another_form_are_never_well(tmp_path: Path, capsys: Capture) -> None:
    for folder, file in (("fusion", "cases.json"), ("denoise", "denoise.json")):
        write(tmp_path / folder / file, {"all": [{"name": "it"}]})
    done = run(tmp_path, capsys)
    assert (done.code, set(done.wrong().values())) == (1, {"failed"})
    assert all("list of objects" in each.message for each in done.outcomes.values())


@pytest.mark.parametrize(
    "document", [[], {"all": [{"h": 32, "w": 32, "target_area": 1024, "t2v_hw": [32, 32]}]}]
)
def test_nothing_compared_is_not_well(tmp_path: Path, capsys: Capture, document: object) -> None:
    write(tmp_path / "preprocess" / "sizes.json", document)
    done = run(tmp_path, capsys)
    assert done.code == 2
    assert done.outcomes["preprocess/sizes"].verdict == "skipped"


def _settings(**configs: AudioVaeConfig | VocoderConfig) -> dict[str, Any]:
    return {name: msgspec.to_builtins(config) for name, config in configs.items()}
