import subprocess
import sys

from understudy.engines.animatic import engine
from understudy.engines.registry import load_engines


def test_it_is_registered_as_a_preview() -> None:
    assert load_engines()["animatic"] is engine
    assert engine.preview
    assert engine.replicas >= 1
    assert engine.availability({}).ok


def test_it_is_cheap_to_import() -> None:
    program = "import sys, understudy.engines.animatic; print({'numpy', 'PIL', 'av'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
