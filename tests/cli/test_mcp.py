"""`understudy mcp` before it speaks; what it then says is tested in tests/mcp."""

import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import Command, command

__all__ = ["command"]


def test_without_the_extra_it_says_how_to_get_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is found first is an SDK that is too old.
    (old := tmp_path / "mcp-1.27.0.dist-info").mkdir()
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: mcp\nVersion: 1.27.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    code, out, err = command("mcp")
    assert (code, out) == (2, "")
    assert err == "understudy: The Model Context Protocol needs an extra: pip install 'understudy[mcp]'\n"


def test_its_help_needs_no_extra(command: Command) -> None:
    before = set(sys.modules)
    code, out, _ = command("mcp", "--help")
    assert code == 0
    assert "--url" in out
    assert "mcp.server" not in set(sys.modules) - before
