"""What stands in deploy/, read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.docs.pages import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
OVERLAYS = ("base", "ray")
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""A secret key that is none: 32 bytes of nothing."""


def texts() -> Iterator[tuple[Path, str]]:
    """Every file, with its text."""
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file():
            yield path, path.read_text()


def compose() -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def filled(text: str) -> str:
    """A value of the compose file with its variables filled in: by their default, else by something fitting."""

    def value(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if default is not None:
            return default
        return KEY if name == "UNDERSTUDY_SECRET_KEY" else "0123abc"

    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", value, text)


def documents(folder: Path) -> list[dict[str, Any]]:
    """Every Kubernetes object of a folder, patches and kustomizations aside."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    aside = {"kustomization.yaml", *(each["path"] for each in kustomization.get("patches", ()))}
    return [
        document
        for path in sorted(folder.glob("*.yaml"))
        if path.name not in aside
        for document in yaml.safe_load_all(path.read_text())
    ]


def pods(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The templates of the pods that an object makes."""
    spec = document.get("spec", {})
    if document["kind"] == "RayCluster":
        yield spec["headGroupSpec"]["template"]
        yield from (group["template"] for group in spec["workerGroupSpecs"])
    elif "template" in spec:
        yield spec["template"]
