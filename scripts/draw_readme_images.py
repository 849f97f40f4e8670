"""The pictures in README.md, from real runs: `python scripts/draw_readme_images.py`.

`animatic.jpg` shows moments of three clips, over an input picture and over drawn scenes; `run.png` is what a terminal shows
of a run.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

from understudy.catalogue.loader import load_catalogue
from understudy.client import Client
from understudy.testing.live import Live, clean_environment, live

TO = Path(__file__).parents[1] / "docs" / "images"
MOMENTS = (0.08, 0.5, 0.92)
WIDTH, HEIGHT, GAP = 440, 248, 6
COMMAND = (
    "run",
    "openai/sora-2-pro",
    "-p",
    'A lighthouse at dusk, slow zoom in. She says: "Nearly home." Audio: wind, birds.',
)
INK, DIM, PAPER = (226, 228, 232), (140, 148, 160), (24, 27, 33)
LINE, MARGIN, FONT_SIZE = 26, 22, 17


def main() -> None:
    """Both pictures."""
    TO.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, live(Path(folder), engine="animatic") as server:
        rows = [moments(clip(server, model, inspire, Path(folder))) for model, inspire in shown()]
        strip(rows).save(TO / "animatic.jpg", quality=80, optimize=True, progressive=True)
        terminal(transcript(server, Path(folder))).save(TO / "run.png", optimize=True)


def shown() -> list[tuple[str, dict[str, str]]]:
    """The models and those of their examples that are shown: over a picture, with spoken lines, with moves of the camera."""
    catalogue = load_catalogue()
    sora, veo = catalogue.find("openai", "sora-2-pro"), catalogue.find("google", "veo3-1")
    assert sora is not None
    assert veo is not None
    return [
        (veo.address, {**veo.inspires[5], "seed": "7"}),
        (sora.address, {**sora.inspires[0], "seconds": "8"}),
        (veo.address, {**veo.inspires[2], "seed": "7"}),
    ]


def clip(server: Live, model: str, inputs: dict[str, str], folder: Path) -> Path:
    """The clip of one run."""
    with Client(data=server.data, environ={}) as client:
        task = client.wait(client.submit(model, inputs))
        assert task.clip is not None
        return client.download(task.clip, folder / f"{task.id}.mp4")


def moments(path: Path) -> list[Image.Image]:
    """The frames at `MOMENTS` of a clip's length."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        return [frames[int(each * (len(frames) - 1))].to_image() for each in MOMENTS]


def strip(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Frames beside and below each other."""
    size = (len(MOMENTS) * (WIDTH + GAP) - GAP, len(rows) * (HEIGHT + GAP) - GAP)
    paper = Image.new("RGB", size, "white")
    for down, row in enumerate(rows):
        for across, frame in enumerate(row):
            small = frame.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            paper.paste(small, (across * (WIDTH + GAP), down * (HEIGHT + GAP)))
    return paper


def transcript(server: Live, folder: Path) -> list[tuple[str, bool]]:
    """What the command prints, line by line; True for what is beside the result."""
    done = subprocess.run(
        [sys.executable, "-m", "understudy", *COMMAND, "-o", "clip.mp4", "--data", str(server.data)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=clean_environment(),
        check=True,
    )
    beside = [(line, True) for line in done.stderr.splitlines()]
    return [*beside, *((line, False) for line in done.stdout.splitlines())]


def terminal(lines: Sequence[tuple[str, bool]]) -> Image.Image:
    """The lines below the command that made them."""
    font = ImageFont.truetype("DejaVuSansMono.ttf", FONT_SIZE)
    command = [f"$ understudy {COMMAND[0]} {COMMAND[1]} -o clip.mp4 \\", f"    -p '{COMMAND[3]}'"]
    shown = [*((line, False) for line in command), *lines]
    width = max(font.getlength(line) for line, _ in shown)
    paper = Image.new("RGB", (round(width) + 2 * MARGIN, len(shown) * LINE + 2 * MARGIN), PAPER)
    draw = ImageDraw.Draw(paper)
    for number, (line, beside) in enumerate(shown):
        draw.text((MARGIN, MARGIN + number * LINE), line, DIM if beside else INK, font)
    return paper.quantize(32)


if __name__ == "__main__":
    main()
