"""What is made of a request before any network: sizes, figures of the variants, prompts, the first picture."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from understudy.engines.ovi.config import REAL, TagStyle, Variant
from understudy.engines.ovi.picture import image_tensor
from understudy.engines.ovi.prompt import rewrite
from understudy.engines.ovi.sizes import image_size, requested_size
from understudy.engines.ovi.text.clean import clean
from understudy.engines.ovi.verify.case import Case, Limit, Measure, NotJudged, Where, compare, equal
from understudy.engines.ovi.verify.files import entries, needed, read_json, read_tensors

IMAGE: Final = Limit("max abs", 1e-5)


def sizes(path: Path, where: Where) -> Iterator[Case]:
    """Both rules for every shape."""
    yield Case("preprocess/sizes", partial(_sizes, read_json(path)))


def variants(path: Path, where: Where) -> Iterator[Case]:
    """The figures of every variant."""
    for name, figures in entries(read_json(path), "name"):
        yield Case(f"preprocess/variant {name}", partial(_variant, name, figures))


def prompts(path: Path, where: Where) -> Iterator[Case]:
    """The prompts of every variant."""
    for name, texts in read_json(path).items():
        yield Case(f"preprocess/prompts {name}", partial(_prompts, path.parent, name, texts))


def cleaning(path: Path, where: Where) -> Iterator[Case]:
    """All texts in one."""
    yield Case("preprocess/text_clean", partial(_cleaning, read_json(path)))


def images(path: Path, where: Where) -> Iterator[Case]:
    """Every image."""
    for name, image in entries(read_json(path), "index"):
        yield Case(f"preprocess/image {name}", partial(_image, path, name, image))


def _sizes(records: list[dict[str, Any]]) -> Iterator[Measure]:
    for what, rule in (("t2v_hw", requested_size), ("i2v_hw", image_size)):
        asked = [(each["h"], each["w"], each["target_area"], each[what]) for each in records if what in each]
        yield equal(what, [(f"{h} x {w} at {area}", [*rule(h, w, area)], size) for h, w, area, size in asked])


def _variant(name: str, figures: dict[str, Any]) -> Iterator[Measure]:
    """Of a variant that is not ours, what follows from its own figures."""
    known = REAL.variants.get(name)
    style = _style(figures.get("caption_style"))
    variant = known or Variant(
        checkpoint=figures["checkpoint"],
        area=figures["target_area"],
        video_latent_frames=figures["video_latent_frames"],
        audio_latent_length=figures["audio_latent_length"],
        style=style or "label",
        fps=figures.get("fps", 24),
        sample_rate=figures.get("sample_rate", 16_000),
    )
    ours = figures_of(variant)
    if style is not None:
        yield equal("caption_style", [("caption_style", variant.style, style)])
    yield equal("figures", [(key, ours[key], value) for key, value in figures.items() if key in ours])


def figures_of(variant: Variant) -> dict[str, object]:
    """A variant in the words of the recording."""
    return {
        "checkpoint": variant.checkpoint,
        "target_area": variant.area,
        "video_latent_frames": variant.video_latent_frames,
        "audio_latent_length": variant.audio_latent_length,
        "video_frames": variant.frames,
        "fps": variant.fps,
        "video_seconds": variant.seconds,
        "mel_frames": 2 * variant.audio_latent_length,
        "audio_samples": variant.samples,
        "sample_rate": variant.sample_rate,
        "audio_seconds": variant.samples / variant.sample_rate,
        "video_latent_channels": REAL.video_vae.z_dim,
        "audio_latent_channels": REAL.audio_vae.embed_dim,
        "spatial_stride": REAL.video_vae.scale_factor_spatial,
        "temporal_stride": REAL.video_vae.scale_factor_temporal,
    }


def _style(written: str | None) -> TagStyle | None:
    """From the recording's example of it."""
    if written is None:
        return None
    return "tags" if "<AUDCAP>" in written else "label"


def _prompts(folder: Path, variant: str, prompts: list[dict[str, str]]) -> Iterator[Measure]:
    style: TagStyle | None
    if variant in REAL.variants:
        style = REAL.variants[variant].style
    else:
        figures = dict(entries(read_json(folder / "variants.json"), "name"))
        style = _style(figures.get(variant, {}).get("caption_style"))
    if style is None:
        raise NotJudged("Which style of prompts this variant was taught is not recorded.")
    yield equal(
        "prompts", [(repr(each["input"]), rewrite(each["input"], style), each["output"]) for each in prompts]
    )


def _cleaning(texts: list[dict[str, str]]) -> Iterator[Measure]:
    yield equal("texts", [(repr(each["input"]), clean(each["input"]), each["output"]) for each in texts])


def _image(path: Path, name: str, image: dict[str, Any]) -> Iterator[Measure]:
    data = read_tensors(path.parent / str(image.get("file", f"{path.stem}.safetensors")))
    picture, recorded = needed(data, f"image{name}").numpy(), needed(data, f"tensor{name}")
    height, width = picture.shape[:2]
    size = (recorded.shape[-2], recorded.shape[-1])
    sizes: list[tuple[str, object, object]] = []
    if "target_area" in image:
        sizes.append(("size by the area", image_size(height, width, image["target_area"]), size))
    if "out_hw" in image:
        sizes.append(("size of the tensor", list(size), image["out_hw"]))
    if "h" in image and "w" in image:
        sizes.append(("size of the picture", [height, width], [image["h"], image["w"]]))
    yield equal("size", sizes)
    yield from compare(
        "image", image_tensor(picture, size), recorded.reshape(-1, *recorded.shape[-3:]), IMAGE
    )
