"""The house's one rule: imports point down. Read from the source, so that late imports count, too."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy

ROOT = Path(understudy.__file__).parent

CORE = {"errors", "log", "tracing"}
BELOW: dict[str, set[str]] = {
    "errors": set(),
    "log": {"errors"},
    "tracing": {"errors"},
    "config": {"errors"},
    "data_folder": {"errors"},
    "http_protocol": set(),
    "last_resort": set(),
    "catalogue": CORE,
    "files": CORE,
    "engines": CORE | {"files"},
    "executors": CORE | {"engines", "files"},
    "tasks": CORE | {"catalogue", "files", "engines", "executors"},
    "api": CORE | {"tasks", "engines", "catalogue", "files", "client_address"},
    "client_address": set(),
    "web": CORE | {"tasks", "engines", "catalogue", "files", "client_address"},
    "client": CORE | {"config"},
    "mcp": CORE | {"client"},
    "metrics": CORE | {"engines", "executors", "tasks"},
    "casting": CORE | {"engines", "catalogue", "config"},
    "stores": CORE | {"tasks", "config", "data_folder"},
    "moving": CORE | {"stores", "tasks", "files", "config", "data_folder"},
    "http_server": CORE | {"http_protocol", "websocket_protocol"},
    "websocket_protocol": set(),
    "assembly": CORE
    | {
        "casting",
        "stores",
        "metrics",
        "api",
        "web",
        "tasks",
        "engines",
        "executors",
        "files",
        "catalogue",
        "config",
        "data_folder",
        "mcp",
    },
    "server": CORE | {"assembly", "stores", "http_server", "last_resort", "tasks", "config", "data_folder"},
    "workers": CORE | {"server", "stores", "http_server", "config"},
    "cli": CORE
    | {
        "server",
        "workers",
        "casting",
        "stores",
        "moving",
        "client",
        "mcp",
        "tasks",
        "engines",
        "catalogue",
        "files",
        "config",
        "data_folder",
    },
    "testing": CORE | {"engines", "executors"},
    "__main__": {"cli"},
    "__init__": {"client"},
}
"""What each part may import beside itself and the package."""

NOT_FOR = {
    "engines": {"sqlite3", "asyncpg", "starlette", "uvicorn", "websockets", "typer"},
    "executors": {"sqlite3", "asyncpg", "starlette", "uvicorn", "httpx", "typer"},
    "catalogue": {"sqlite3", "starlette", "uvicorn", "httpx", "typer", "asyncio"},
    "files": {"sqlite3", "starlette", "uvicorn", "typer"},
    "tasks": {"starlette", "uvicorn", "httpx", "websockets", "typer"},
    "api": {"sqlite3", "uvicorn", "typer"},
    "client": {"sqlite3", "starlette", "uvicorn", "typer"},
    "mcp": {"sqlite3", "uvicorn", "typer"},
}
"""Libraries that belong to other layers."""


def part_of(module: str) -> str:
    """`tasks` of `understudy.tasks.store.store`; "" of the package itself."""
    return [*module.split("."), ""][1]


def modules() -> dict[str, Path]:
    names = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        names[".".join(parts)] = path
    return names


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            if node.module == "understudy":
                yield from (f"understudy.{alias.name}" for alias in node.names)


MODULES = modules()


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    part = part_of(module)
    for name in imported(MODULES[module]):
        if name.split(".")[0] == "understudy":
            target = part_of(name)
            assert target in {"", "__version__", part} | BELOW[part], f"{module} imports {name}"
        else:
            assert name.split(".")[0] not in NOT_FOR.get(part, set()), f"{module} imports {name}"


def test_the_rules_know_every_part() -> None:
    assert {part_of(module) for module in MODULES} <= set(BELOW)


def test_the_reader_of_imports_reads_them_all(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "import understudy.api.app\nfrom understudy import tasks\n"
        "def late():\n    from understudy.web import pages\n"
    )
    assert {part_of(name) for name in imported(file)} == {"api", "", "tasks", "web"}


HEAVY = {
    "av",
    "numpy",
    "PIL",
    "httpx",
    "mcp",
    "obstore",
    "pydantic",
    "rich",
    "starlette",
    "torch",
    "uvicorn",
    "sqlite3",
    "nacl",
}

LATE = {
    "PIL",
    "av",
    "google",
    "httpx",
    "mcp",
    "numpy",
    "openai",
    "opentelemetry",
    "prometheus_client",
    "pydantic",
    "rich",
    "torch",
}
"""What a server loads when it is first needed, if ever."""


@pytest.mark.parametrize("what", ["import understudy", "understudy --help"])
def test_what_everybody_waits_for_is_quick(what: str) -> None:
    work = {
        "import understudy": "import understudy",
        "understudy --help": "from understudy.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    }[what]
    code = (
        "import os, sys\n"
        "before = sum(os.times()[:2])\n"
        f"{work}\n"
        "print('\\nTOOK', sum(os.times()[:2]) - before, *sys.modules)"
    )
    took, loaded = [], set()
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds, *names = done.stdout.rpartition("TOOK ")[2].split()
        took.append(float(seconds))
        loaded |= {name.split(".")[0] for name in names}
    assert not loaded & HEAVY
    # Processor time, and the best of three: the machine may have other things to do.
    assert min(took) < 0.3


def test_a_server_starts_without_what_it_may_never_need() -> None:
    code = "import sys, understudy.server, understudy.cli.serve; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & LATE
