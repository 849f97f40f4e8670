"""An installation of several processes with everything that it stands on, each part of which can be made to fail."""

import asyncio
import base64
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from secrets import token_hex

import msgspec

from tests.executors.ray.cluster import Cluster, Node
from tests.fire.objects import Objects, environment
from tests.fire.process import Process
from tests.fire.program import LEASE_SECONDS
from tests.postgres import Postgres
from tests.server.processes import descendants
from understudy.client.credentials import Credentials
from understudy.config import Settings
from understudy.stores import open_projects
from understudy.testing.live import ENGINES, clean_environment
from understudy.testing.proxy import Proxy

MARK = "FIRE_SITE"
"""An environment variable by which whatever was started is known."""
MODELS = Path(__file__).parents[2] / "src" / "understudy" / "catalogue" / "models"
TROUBLE, INSTANT, ANIMATIC, BOUGHT = "fire/trouble", "fire/instant", "fire/animatic", "fire/bought"
TALKER = "fire/talker"
ENGINE_OF = {
    TROUBLE: "trouble",
    INSTANT: "instant",
    ANIMATIC: "animatic",
    BOUGHT: "openai_videos",
    TALKER: "talker",
}
MONEY = Decimal(100_000)
_CPUS_OF_NODE = 4.0
_PATIENT_LEASE_SECONDS = 30.0
"""Where time is measured, a busy machine is no reason to lose a task."""
_RAYS_OWN = ("ray::IDLE", "ray::DashboardAgent", "ray::RuntimeEnvAgent")


class Site(msgspec.Struct, kw_only=True):
    """Its processes by name: `api1`, `api2`, `dispatcher1`, ..."""

    folder: Path
    mark: str
    postgres: Postgres
    database: str
    """Straight to it, past all proxies."""
    objects: Objects
    to_objects: Proxy
    secret_key: str
    processes: dict[str, Process] = {}
    cluster: Cluster | None = None
    """Of Ray, if replicas are there."""
    nodes: list[Node] = []
    """Of the cluster, but for its head."""
    restarting: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)
    """Held by whoever restarts what there is once."""
    has_small_disks: bool = False
    """Whether each data folder is a small file system of its own."""

    def named(self, kind: str) -> list[Process]:
        """Those of a role: `api` or `dispatcher`."""
        return [process for name, process in self.processes.items() if name.startswith(kind)]

    def lose_node(self) -> None:
        """A node of the cluster is gone at once, and another one comes."""
        assert self.cluster is not None
        node = self.nodes.pop(0)
        self.cluster.lose(node)
        self.nodes.append(self.cluster.add(cpus=_CPUS_OF_NODE))

    @property
    def replicas(self) -> list[int]:
        """What the dispatchers have started, here and in the cluster: process ids."""
        found = {each for process in self.named("dispatcher") for each in process.replicas()}
        return sorted(found | self.actors.keys())

    @property
    def actors(self) -> dict[int, str]:
        """What Ray runs for us: command lines by process id."""
        if self.cluster is None:
            return {}
        found = {pid: command_of(pid) for pid in descendants(self.cluster._process.pid)}
        return {
            pid: command
            for pid, command in found.items()
            if command.startswith("ray::") and not command.startswith(_RAYS_OWN)
        }

    @property
    def left(self) -> dict[int, str]:
        """What runs and was started by a process of this site: command lines by process id."""
        found = {}
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"{MARK}={self.mark}".encode() in environ.read_bytes():
                    pid = int(environ.parent.name)
                    found[pid] = command_of(pid)
            except OSError:
                continue
        return found

    async def projects(self, number: int) -> list[Credentials]:
        """New projects with money."""
        settings = Settings(database=self.database, secret_key=self.secret_key, data=self.folder / "operator")
        made = []
        async with open_projects(settings, make=True) as projects:
            for each in range(number):
                keys = await projects.create(f"project {each}")
                await projects.add_balance(keys.project.id, MONEY)
                made.append(
                    Credentials(
                        url="", api_key=keys.api_key, api_secret=keys.api_secret, auth=keys.project.auth
                    )
                )
        return made

    async def mend(self) -> None:
        """Whatever was done to it is undone."""
        await self.to_objects.forward()
        for process in self.processes.values():
            await process.database.forward()
            process.clock.step(0.0)
            (process.folder / "data" / "ballast").unlink(missing_ok=True)


@asynccontextmanager
async def site(
    folder: Path,
    *,
    answering: int = 2,
    dispatching: int = 2,
    partner: str = "",
    config: str = "",
    cluster: Cluster | None = None,
    small_disks: int = 0,
    straight: bool = False,
) -> AsyncIterator[Site]:
    """All of it is gone at the end.

    `partner`: the address of a fake one. `small_disks`: MiB of each, 0 for none. `straight`: where time is measured, not
    by way of proxies, and without waiting for the disk.
    """
    async with AsyncExitStack() as stack:
        on = "off" if straight else "on"
        postgres = await asyncio.to_thread(Postgres, fsync=on, full_page_writes=on)
        stack.push_async_callback(asyncio.to_thread, postgres.remove)
        objects = await asyncio.to_thread(Objects)
        stack.callback(objects.end)
        made = Site(
            folder=folder,
            mark=token_hex(8),
            postgres=postgres,
            database=await postgres.new_database(),
            objects=objects,
            to_objects=await stack.enter_async_context(Proxy("127.0.0.1", objects.port)),
            secret_key=base64.b64encode(os.urandom(32)).decode(),
            cluster=cluster,
            nodes=[cluster.add(cpus=_CPUS_OF_NODE) for _ in range(2)] if cluster else [],
        )
        _write_manifests(folder / "manifests")
        names = [f"api{n + 1}" for n in range(answering)] + [f"dispatcher{n + 1}" for n in range(dispatching)]
        ports = {name: _free_port() for name in names}
        for name in names:
            proxy = await stack.enter_async_context(Proxy("127.0.0.1", postgres.port))
            database = made.database if straight else _by_way_of(made, proxy)
            lease = f"tasks.lease_seconds = {_PATIENT_LEASE_SECONDS if straight else LEASE_SECONDS}"
            process = await _process(made, name, ports, proxy, database, partner, f"{lease}\n{config}")
            if small_disks:
                made.has_small_disks = _mounted(stack, process.data, small_disks)
            made.processes[name] = process
            stack.push_async_callback(process.end)
        await asyncio.gather(*(process.start() for process in made.processes.values()))
        yield made


def _by_way_of(site: Site, proxy: Proxy) -> str:
    return site.database.replace(f":{site.postgres.port}/", f":{proxy.port}/")


async def _process(
    site: Site, name: str, ports: dict[str, int], proxy: Proxy, database: str, partner: str, config: str
) -> Process:
    folder = site.folder / name
    (folder / "data").mkdir(parents=True)
    role = name.rstrip("0123456789")
    lines = [
        f"engines = {json.dumps([*ENGINES, 'tests.fire.talker:engine'])}",
        f'manifests = ["{site.folder / "manifests"}"]',
        *(f'cast."{model}" = ["{engine}"]' for model, engine in ENGINE_OF.items()),
        f'database = "{database}"',
        f'storage = "{site.objects.storage}"',
        f'secret_key = "{site.secret_key}"',
        f'server.role = "{role}"',
        f'server.url = "http://127.0.0.1:{ports["api1"]}"',
        'server.allow_addresses = ["127.0.0.1"]',
        'server.metrics_from = ["127.0.0.1"]',
        "server.drain_seconds = 1",
        'billing = "prepaid"',
        "engine.trouble.replicas = 2",
        f'engine.openai_videos.base_url = "{partner or "http://127.0.0.1:9"}/v1"',
        'engine.openai_videos.api_key = "test-key"',
        'engine.openai_videos.model = "sora-2-pro"',
        *([f'executor = "ray"\nreplicas.ray_address = "{site.cluster.address}"'] if site.cluster else []),
        config,
    ]
    (folder / "understudy.toml").write_text("\n".join(lines))
    return Process(
        name,
        folder,
        ports[name],
        proxy,
        {**clean_environment(), **environment(site.to_objects.port), MARK: site.mark},
    )


def _write_manifests(folder: Path) -> None:
    """One model for each engine: all as Sora is."""
    text = (MODELS / "openai" / "sora-2-pro.toml").read_text()
    for model in ENGINE_OF:
        owner, slug = model.split("/")
        own = text.replace('owner = "openai"', f'owner = "{owner}"').replace('"sora-2-pro"\n', f'"{slug}"\n')
        own = "\n".join(line for line in own.splitlines() if not line.startswith("aliases"))
        file = folder / owner / f"{slug}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(own)


def _mounted(stack: AsyncExitStack, folder: Path, mebibytes: int) -> bool:
    """Make a folder a small file system of its own; False where that is not allowed."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        return False
    command = [mount, "-t", "tmpfs", "-o", f"size={mebibytes}m", "understudy-fire", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return False
    stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=False)
    return True


def command_of(pid: int) -> str:
    """A process's command line; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
