"""What the server and the command line may import of the engine: it costs them nothing heavy."""

import subprocess
import sys

LIGHT = (
    "",
    ".audio.tensors",
    ".availability",
    ".config",
    ".contracts",
    ".memory.choice",
    ".memory.profiles",
    ".memory.sizes",
    ".options",
    ".picture",
    ".presets",
    ".prompt",
    ".quotes",
    ".sampling.schedule",
    ".sizes",
    ".tensor_table",
    ".text.clean",
    ".text.names",
    ".transformer.cost",
    ".transformer.names",
    ".verify.__main__",
    ".video_vae.memory",
    ".video_vae.names",
    ".weights.check",
    ".weights.download",
    ".weights.expected",
    ".weights.hub",
    ".weights.layout",
    ".weights.pull",
    ".weights.record",
    ".weights.sources",
)
CODE = """
import sys
from importlib import import_module

heavy = {"av", "diffusers", "ftfy", "huggingface_hub", "numpy", "PIL", "safetensors", "tokenizers", "torch", "transformers"}
for name in sys.argv[1:]:
    import_module(f"understudy.engines.ovi{name}")
    if loaded := heavy & sys.modules.keys():
        sys.exit(f"{name} imports {loaded}")
"""


def test_importing_them_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", CODE, *LIGHT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_check_sees_what_is_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, ".text.tokenizer"], capture_output=True, text=True, check=False
    )
    assert "tokenizers" in done.stderr
