"""Draws the catalogue's sample inputs: illustrations of our own, the same bytes on every run.

python scripts/draw_samples.py [FOLDER] [NAME...]
"""

import sys
from collections.abc import Callable
from pathlib import Path

from samples import camel, crossing, koala, patio, road
from samples.canvas import Canvas

FOLDER = Path(__file__).parent.parent / "src" / "understudy" / "catalogue" / "samples"
PICTURES: dict[str, Callable[[], Canvas]] = {
    "chetwinlow1_ovi_input_4.jpg": koala.draw,
    "google-veo31-input-1.jpg": patio.draw,
    "google-veo31-input-2.jpg": crossing.draw,
    "openai_sora_pro_2_input_4.jpg": road.draw,
    "openai_sora_pro_2_input_5.jpg": camel.draw,
}


def main(folder: str | Path = FOLDER, *names: str) -> None:
    """Draw all pictures, or those with a name."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or PICTURES:
        file = folder / name
        PICTURES[name]().save(file)
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
