"""Makes the covers of the bundled models: short animatics of their own default prompts, 480 pixels wide.

python scripts/make_covers.py [FOLDER]
"""

import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av

from understudy.catalogue.loader import load_catalogue
from understudy.engines.animatic.pipeline import load
from understudy.engines.engine import Job
from understudy.files.clip import ClipWriter

COVERS = Path(__file__).parents[1] / "src" / "understudy" / "catalogue" / "covers"
SECONDS = 4
SIZE = "480x270"


def main(folder: Path) -> None:
    """One clip a model, named as its manifest says."""
    catalogue, pipeline = load_catalogue(), load({})
    for model in catalogue.models:
        prompt, picture = model.input("prompt"), model.input("inputImage")
        sample = catalogue.sample(str(picture.default)) if picture else None
        with tempfile.TemporaryDirectory() as work:
            job = Job(
                id="cover",
                # No contract of a model: its size and length are the cover's.
                model=f"{model.owner}/cover",
                values={
                    "prompt": str(prompt.default) if prompt else model.description,
                    "seconds": SECONDS,
                    "size": SIZE,
                    "generateAudio": "false",
                },
                files={"inputImage": (str(sample),)} if sample else {},
                seed=1,
                folder=work,
            )
            (output,) = pipeline.run(job, lambda *_, **__: None)
            cover = folder / Path(model.cover).name
            smaller(Path(work) / output.path, cover)
        print(f"{cover.name}: {cover.stat().st_size / 1000:.0f} kB")


def smaller(clip: Path, cover: Path) -> None:
    """The same pictures, in as few bytes as a small moving picture on a page needs."""
    with av.open(clip) as source:
        stream = source.streams.video[0]
        with ClipWriter(
            cover,
            width=stream.width,
            height=stream.height,
            fps=Fraction(stream.average_rate or 24),
            metadata=dict(source.metadata),
            crf=31,
            preset="slow",
        ) as writer:
            for frame in source.decode(stream):
                writer.video(frame.to_ndarray(format="yuv420p"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else COVERS)
