"""Runs a checkout of character-ai/Ovi with random weights: a program of its own, for an interpreter of its own.

python reference_run.py ORDER.json, with the checkout as working folder. The order is `reference.Order`; the last line
that is printed is `RESULT` and a JSON object with the fields of `cell.Reference`. Exit code 3 and a sentence on stderr
if the checkout is not what this knows.

Everything that takes time is the checkout's own: its engine's `generate`, transformer, text encoder, video autoencoder.
Only weights are not read: the engine is put together from parts that were made without files. Its sound decoder is left
out, for it needs packages of its own and takes less than a hundredth of a run.
"""

import importlib
import json
import math
import sys
import time
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

import torch

DISPENSABLE = (
    "cv2",
    "omegaconf",
    "open_clip",
    "optimum.quanto",
    "pandas",
    "pydub",
    "librosa.filters",
    "torchaudio",
    "torchvision.transforms",
)
"""Packages that it imports, and that a run from random weights and without a picture never calls."""


class Nothing:
    """Stands in for whatever an absent package has."""

    def __getattr__(self, name: str) -> "Nothing":
        return self

    def __call__(self, *_: object, **__: object) -> "Nothing":
        return self


class Empty(ModuleType):
    """An absent package."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Make the clip twice, the first time to warm up; the second one's times."""
    device = torch.device(order["device"])
    sys.path.insert(0, str(Path.cwd()))
    if device.type != "cuda":
        _without_card()
    absent = _stand_in()
    engine_module = _checkout("ovi.ovi_fusion_engine")
    attention = _attention()
    engine, laps = _engine(engine_module, order, device)
    wanted = {
        "text_prompt": "rain on a tin roof",
        "video_frame_height_width": order["size"],
        "video_guidance_scale": 4.0,
        "audio_guidance_scale": 3.0,
        "slg_layer": order["skip"],
    }
    for steps in (2, order["steps"]):
        laps.clear()
        began = _now(device)
        if engine.generate(**wanted, sample_steps=steps) is None:
            _stop("its generate() failed; what it said is above.")
        total = _now(device) - began
    return {
        "loop": laps["sound"] - laps["loop"],
        "video_decode": laps["after video"] - laps["video"] if order["vae"] else None,
        "total": total,
        "attention": attention,
        "absent": absent,
    }


def _engine(module: ModuleType, order: dict[str, Any], device: torch.device) -> tuple[Any, dict[str, float]]:
    """Its engine without its constructor, which reads files. Also: when what begins, by name, of its last run."""
    laps: dict[str, float] = {}
    model = _transformer(order, device)
    model.register_forward_pre_hook(lambda *_: laps.setdefault("loop", _now(device)) and None)
    engine = object.__new__(module.OviFusionEngine)
    engine.__dict__.update(
        device=device,
        target_dtype=torch.bfloat16,
        cpu_offload=False,
        image_model=None,
        model=model,
        model_name="random weights",
        text_formatter=str,
        text_model=_texts(order, device),
        target_area=order["area"],
        video_latent_channel=order["video"]["in_dim"],
        audio_latent_channel=order["audio"]["in_dim"],
        video_latent_length=order["video_latent_frames"],
        audio_latent_length=order["audio_latent_length"],
        vae_model_audio=SimpleNamespace(wrapped_decode=_silence(laps, device)),
        vae_model_video=_video(order, laps, device),
    )
    return engine, laps


def _transformer(order: dict[str, Any], device: torch.device) -> Any:
    """Its network, in the way that its own loading does it: shapes first, memory on the device."""
    fusion = _checkout("ovi.modules.fusion")
    configs = []
    for tower in ("video", "audio"):
        path = Path("ovi/configs/model/dit") / f"{tower}.json"
        if not path.is_file():
            _stop(f"it has no {path}.")
        configs.append(json.loads(path.read_text(encoding="utf-8")) | order[tower])
    with torch.device("meta"):
        model = fusion.FusionModel(*configs)
    model = model.to(torch.bfloat16).to_empty(device=device).requires_grad_(False).eval()
    model.set_rope_params()
    return _drawn(model)


def _texts(order: dict[str, Any], device: torch.device) -> Any:
    """Its text encoder behind random ids, padded as its tokenizer pads."""
    t5 = _checkout("ovi.modules.t5")
    settings = {"encoder_only": True, "return_tokenizer": False, "dtype": torch.bfloat16, "device": "meta"}
    encoder = t5.umt5_xxl(**settings, **order["text"]).eval().requires_grad_(False)
    encoder = _drawn(encoder.to_empty(device=device))
    words, text_len = order["words"], order["video"]["text_len"]

    class Texts:
        def __init__(self) -> None:
            self.device = device

        def __call__(self, texts: list[str], device: torch.device) -> list[torch.Tensor]:
            ids = torch.randint(3, order["text"]["vocab_size"], (len(texts), text_len), device=device)
            mask = torch.zeros_like(ids)
            mask[:, :words] = 1
            return [row[:words] for row in encoder(ids * mask, mask)]

    return Texts()


def _video(order: dict[str, Any], laps: dict[str, float], device: torch.device) -> Any:
    """Its video autoencoder from a file of random weights; nothing in its place for a small model, as it has one size."""
    if order["vae"] is None:
        return SimpleNamespace(wrapped_decode=lambda _: torch.zeros(1, 3, 1, 1, 1, device=device))
    vae = _checkout("ovi.modules.vae2_2").Wan2_2_VAE(vae_pth=order["vae"], device=device)
    vae.model = vae.model.requires_grad_(False).eval().bfloat16()
    decode = vae.wrapped_decode

    def timed(latents: torch.Tensor) -> torch.Tensor:
        laps["video"] = _now(device)
        video: torch.Tensor = decode(latents)
        laps["after video"] = _now(device)
        return video

    vae.wrapped_decode = timed
    return vae


def _silence(laps: dict[str, float], device: torch.device) -> Any:
    def decode(latents: torch.Tensor) -> torch.Tensor:
        laps["sound"] = _now(device)
        return torch.zeros(1)

    return decode


def _drawn(model: Any) -> Any:
    """Values with which what goes through the network neither vanishes nor explodes."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name and name.endswith("weight"):
                parameter.fill_(1)
            elif parameter.dim() > 1 and "modulation" not in name:
                parameter.normal_(0, math.prod(parameter.shape[1:]) ** -0.5)
            else:
                parameter.normal_(0, 0.02)
    return model


def _attention() -> str:
    """Which attention it has. Without flash-attn, what its module `attention` has for that case takes its place."""
    module = _checkout("ovi.modules.attention")
    if getattr(module, "FLASH_ATTN_3_AVAILABLE", False):
        return "flash-attn 3"
    if getattr(module, "FLASH_ATTN_2_AVAILABLE", False):
        return "flash-attn 2"
    for name in ("ovi.modules.fusion", "ovi.modules.model"):
        vars(_checkout(name))["flash_attention"] = module.attention
    return "PyTorch's, flash-attn is not installed"


def _stand_in() -> list[str]:
    """Empty modules for dispensable packages that are not installed; their names."""
    # Before: these libraries look for such packages while they are imported, and must find what is really there.
    for name in ("diffusers", "transformers"):
        importlib.import_module(name)
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline  # noqa: F401
    from transformers import AutoTokenizer  # noqa: F401

    absent = []
    for name in DISPENSABLE:
        package = name.partition(".")[0]
        if find_spec(package) is not None and package not in absent:
            continue
        for each in dict.fromkeys((package, name)):
            module = Empty(each)
            module.__spec__ = ModuleSpec(each, None)
            sys.modules[each] = module
        absent.append(package)
    return absent


def _without_card() -> None:
    """It takes a card for granted: on a processor, what asks for one is answered, and its autocast is the processor's."""
    autocast = torch.amp.autocast
    torch.cuda.current_device = lambda: torch.device("cpu")  # type: ignore[assignment,return-value]
    torch.amp.autocast = lambda _, **settings: autocast("cpu", **settings)  # type: ignore[assignment,misc]


def _checkout(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        _stop(f"{name} cannot be imported: {error}.")


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _stop(reason: str) -> NoReturn:
    print(f"This checkout of Ovi is not as expected: {reason}", file=sys.stderr)
    raise SystemExit(3)


if __name__ == "__main__":
    answer = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print("RESULT", json.dumps(answer), flush=True)
