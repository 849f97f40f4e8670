"""The Kubernetes manifests: of the API's schemas, and of one mind with the program."""

import base64
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from packaging.requirements import Requirement

from tests.deploy.files import KEY, KUBERNETES, OVERLAYS, documents, pods
from tests.docs.pages import ROOT
from understudy import __version__
from understudy.config import Settings, load_settings

BASE = documents(KUBERNETES / "base")
RAY = documents(KUBERNETES / "ray")
POSTGRES_CONNECTIONS = 97
"""What PostgreSQL gives to users who are not superusers, as it comes: 100 less 3."""


def one(documents: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in documents if each["kind"] == kind and each["metadata"]["name"] == name)
    return found


def valid(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def called(document: dict[str, Any]) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


@pytest.mark.parametrize("document", [*BASE, *RAY], ids=called)
def test_the_schemas(document: dict[str, Any]) -> None:
    """KubeRay's are its own; the pods in them are Kubernetes'."""
    if document["kind"] != "RayCluster":
        valid(document)
    for pod in pods(document):
        valid({"apiVersion": "v1", "kind": "Pod", **pod, "metadata": {"name": "pod", **pod["metadata"]}})


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_kustomize_makes_of_it(overlay: str) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl here to put the manifests together")
    done = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / overlay],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = list(yaml.safe_load_all(done.stdout))
    for document in made:
        assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "understudy"
        if document["kind"] != "RayCluster":
            valid(document)
        for pod in pods(document):
            narrow(pod["spec"])
            for container in containers(pod["spec"]):
                assert container["image"].startswith("registry.example.com/understudy:")


def containers(pod: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from pod.get("initContainers", ())
    yield from pod["containers"]


def narrow(pod: dict[str, Any]) -> None:
    """As Pod Security's level "restricted" wants it, and without variables named after services."""
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(pod):
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
        assert {"/data", "/tmp"} <= set(mounts)
        assert set(mounts.values()) <= {each["name"] for each in pod["volumes"]}


@pytest.mark.parametrize("document", [*BASE, *RAY], ids=called)
def test_no_pod_may_more_than_it_needs(document: dict[str, Any]) -> None:
    for pod in pods(document):
        narrow(pod["spec"])


def settings(role: str) -> Settings:
    """What the pods of a role read."""
    environment = dict(one(BASE, "ConfigMap", "understudy")["data"])
    environment |= one(BASE, "Secret", "understudy")["stringData"] | {"UNDERSTUDY_SECRET_KEY": KEY}
    container = one(BASE, "Deployment", f"understudy-{role}")["spec"]["template"]["spec"]["containers"][0]
    environment |= {each["name"]: each["value"] for each in container.get("env", ())}
    return load_settings(None, environment, {"role": container["args"][-1]})


@pytest.mark.parametrize("role", ["api", "dispatcher"])
def test_a_role_is_asked_where_it_answers_and_gets_the_time_to_end(role: str) -> None:
    read = settings(role)
    assert read.role == role
    template = one(BASE, "Deployment", f"understudy-{role}")["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": read.port}]
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(read.port)
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert template["spec"]["terminationGracePeriodSeconds"] >= before + read.drain_seconds + 10


def test_all_pods_at_once_find_connections() -> None:
    each = settings("api").database_connections + 1  # one that listens
    api = one(BASE, "HorizontalPodAutoscaler", "understudy-api")["spec"]["maxReplicas"]
    surge = one(BASE, "Deployment", "understudy-api")["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    dispatchers = one(BASE, "Deployment", "understudy-dispatcher")["spec"]
    dispatchers = dispatchers["replicas"] + dispatchers["strategy"]["rollingUpdate"]["maxSurge"]
    assert (api + surge + dispatchers) * each <= POSTGRES_CONNECTIONS


def test_selectors_find_their_pods() -> None:
    labels = [pod["metadata"]["labels"] for document in (*BASE, *RAY) for pod in pods(document)]

    def found(selector: dict[str, str]) -> bool:
        known = {key: value for key, value in selector.items() if not key.startswith("ray.io/")}
        return any(known.items() <= each.items() for each in labels)

    for document in (*BASE, *RAY):
        selector = document.get("spec", {}).get("selector") or document.get("spec", {}).get("podSelector", {})
        wanted = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
        assert found(wanted), called(document)


def test_the_secret_is_an_example_and_is_not_applied() -> None:
    resources = yaml.safe_load((KUBERNETES / "base" / "kustomization.yaml").read_text())["resources"]
    assert "secret.example.yaml" not in resources
    with pytest.raises(ValueError, match="base64"):
        base64.b64decode(
            one(BASE, "Secret", "understudy")["stringData"]["UNDERSTUDY_SECRET_KEY"], validate=True
        )
    assert set(resources) == {
        path.name
        for path in (KUBERNETES / "base").glob("*.yaml")
        if path.name not in ("kustomization.yaml", "secret.example.yaml")
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_images_have_this_version(overlay: str) -> None:
    images = yaml.safe_load((KUBERNETES / overlay / "kustomization.yaml").read_text())["images"]
    assert {each["newTag"].removesuffix("-gpu") for each in images} == {__version__}


def test_the_version_of_ray_is_one_that_can_be_installed() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (requirement,) = (Requirement(each) for each in extras["ray"] if re.match(r"ray\b", each))
    assert requirement.specifier.contains(one(RAY, "RayCluster", "understudy")["spec"]["rayVersion"])


def test_the_dispatchers_ray_node_finds_the_head_and_plays_nothing() -> None:
    patch = yaml.safe_load((KUBERNETES / "ray" / "dispatcher.yaml").read_text())
    (node,) = patch["spec"]["template"]["spec"]["initContainers"]
    # KubeRay names the head's service after the cluster.
    assert (
        f"--address={one(RAY, 'RayCluster', 'understudy')['metadata']['name']}-head-svc:6379" in node["args"]
    )
    assert {"--num-cpus=0", "--num-gpus=0"} <= set(node["args"])
    base = one(BASE, "Deployment", "understudy-dispatcher")
    assert patch["metadata"]["name"] == base["metadata"]["name"]
    (dispatcher,) = patch["spec"]["template"]["spec"]["containers"]
    assert dispatcher["name"] == base["spec"]["template"]["spec"]["containers"][0]["name"]
