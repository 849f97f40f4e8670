"""Every setting of the server. The annotations are the table: `config.table` reads it from here.

A new setting is one field: its type and bounds, its section in the TOML file, one sentence of help, its default.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from understudy.config.folders import data_folder

Origin = Literal["default", "file", "environment", "flag"]


def about(
    section: str,
    help: str,  # noqa: A002
    *,
    key: str = "",
    flag: bool = False,
    secret: bool = False,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
) -> msgspec.Meta:
    """What the table says of one setting beside its name, type and default. `key` is its TOML key if not its name."""
    extra = {"section": section, "key": key, "flag": flag, "secret": secret}
    bounds: dict[str, Any] = {"ge": ge, "gt": gt, "le": le}
    meta: msgspec.Meta = msgspec.Meta(description=help, extra=extra, **bounds)
    return meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The effective settings, checked. `load_settings` makes them; tests may write them down directly."""

    data: Annotated[
        Path, about("", "Where everything is kept: tasks, files, keys. Made on first start.", flag=True)
    ] = msgspec.field(default_factory=lambda: data_folder(os.environ))
    database: Annotated[
        str,
        about(
            "",
            "What remembers tasks: postgresql://USER:PASSWORD@HOST/NAME for several processes. Empty: a file in the data folder.",
            flag=True,
            secret=True,
        ),
    ] = ""
    database_connections: Annotated[
        int, about("", "Connections to PostgreSQL that one process opens, at most.", ge=2, le=100)
    ] = 10
    storage: Annotated[
        str,
        about(
            "",
            "Where files are kept: file:///FOLDER, s3://BUCKET/PREFIX, gs://... or az://... Empty: the data folder.",
            flag=True,
        ),
    ] = ""
    executor: Annotated[
        Literal["local", "ray"],
        about("", "Where local engines run: as processes of this machine, or in a Ray cluster.", flag=True),
    ] = "local"
    manifests: Annotated[
        tuple[Path, ...], about("", "More folders with model manifests, laid out as <owner>/<slug>.toml.")
    ] = ()
    engines: Annotated[
        tuple[str, ...],
        about("", "More engines, as module:attribute; installed packages register theirs by themselves."),
    ] = ()
    billing: Annotated[
        Literal["off", "prepaid"],
        about("", "Whether projects pay for successful runs from a balance that is filled beforehand."),
    ] = "off"
    secret_key: Annotated[
        str,
        about(
            "",
            "32 random bytes in base64: encrypts the projects' secrets. Empty: secret.key in the data folder.",
            secret=True,
        ),
    ] = ""

    role: Annotated[
        Literal["all", "api", "dispatcher"],
        about(
            "server",
            "What this process does: answer requests (api), run tasks (dispatcher), or all. More than one process needs PostgreSQL.",
            flag=True,
        ),
    ] = "all"
    workers: Annotated[
        int,
        about(
            "server",
            "Processes that answer requests behind one port; more than one needs PostgreSQL.",
            flag=True,
            ge=1,
            le=256,
        ),
    ] = 1
    host: Annotated[str, about("server", "Address to listen on.", flag=True)] = "127.0.0.1"
    port: Annotated[
        int, about("server", "Port to listen on; 0 takes a free one.", flag=True, ge=0, le=65535)
    ] = 8420
    url: Annotated[
        str,
        about("server", "Base address that clients see, if it is not that of host and port.", flag=True),
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        about("server", "Addresses and networks of proxies whose X-Forwarded-For header is believed."),
    ] = ()
    allow_addresses: Annotated[
        tuple[str, ...],
        about(
            "server", "Hosts, addresses and networks that input URLs and webhooks may reach although private."
        ),
    ] = ()
    dashboard: Annotated[
        bool,
        about("server", "Whether the dashboard is served; without it the server answers programs alone."),
    ] = True
    metrics_from: Annotated[
        tuple[str, ...], about("server", "Addresses and networks that may read /metrics.")
    ] = ("127.0.0.0/8", "::1")
    nonce_window: Annotated[
        int,
        about(
            "server", "Seconds by which a nonce, read as a Unix time, may be off; 0 takes any nonce.", ge=0
        ),
    ] = 0
    signed_url_seconds: Annotated[
        float,
        about(
            "server",
            "How long a download leads to the storage itself, by a signed address; 0: files come from this server.",
            ge=0,
            le=604800,
        ),
    ] = 0
    drain_seconds: Annotated[
        float,
        about(
            "server", "How long running tasks may go on after SIGTERM, before they return to the queue.", ge=0
        ),
    ] = 30

    running_per_project: Annotated[
        int, about("limits", "Tasks of one project that run at the same time; 0: any number.", ge=0)
    ] = 0
    queued_per_project: Annotated[
        int, about("limits", "Tasks of one project that wait; 0: any number.", ge=0)
    ] = 0
    requests_per_second: Annotated[
        float, about("limits", "Requests of one project, in the long run; 0: any number.", ge=0)
    ] = 0
    request_burst: Annotated[
        int, about("limits", "Requests of one project at once; 0: as many as in a second.", ge=0)
    ] = 0
    keep_days: Annotated[
        float,
        about("limits", "Days that a task's files are kept after its end; 0: until they are deleted.", ge=0),
    ] = 0
    max_json_bytes: Annotated[int, about("limits", "Largest body without files.", ge=1024)] = 1024 * 1024
    max_upload_bytes: Annotated[int, about("limits", "Largest single input file.", ge=1024)] = 100_000_000
    max_request_bytes: Annotated[int, about("limits", "Largest body with files.", ge=1024)] = 210_000_000
    max_image_pixels: Annotated[
        int, about("limits", "Largest input picture, in pixels, before it is decoded.", ge=1)
    ] = 50_000_000
    fetch_timeout_seconds: Annotated[
        float, about("limits", "How long fetching one input URL may take.", gt=0)
    ] = 30

    lease_seconds: Annotated[
        float,
        about("tasks", "How long a claimed task stays with a server that gives no sign of life.", ge=1),
    ] = 15
    max_attempts: Annotated[
        int, about("tasks", "How often a task is started before it counts as failed.", ge=1)
    ] = 3
    events_kept: Annotated[
        int, about("tasks", "Events kept per task for sockets that connect later.", ge=10)
    ] = 1000
    webhook_hours: Annotated[float, about("tasks", "How long a webhook delivery is retried.", gt=0)] = 24

    kill_grace_seconds: Annotated[
        float, about("replicas", "Time for a run to stop by itself before its process is killed.", ge=0)
    ] = 1.5
    idle_unload_seconds: Annotated[
        float, about("replicas", "How long an engine stays loaded without work.", gt=0)
    ] = 300
    heartbeat_timeout_seconds: Annotated[
        float, about("replicas", "Silence after which a replica counts as lost.", gt=0)
    ] = 60

    ray_address: Annotated[
        str, about("replicas", "The Ray cluster of the executor ray: auto, or HOST:PORT of its head.")
    ] = "auto"

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        about("log", "The least important message that is logged.", key="level", flag=True),
    ] = "info"
    log_format: Annotated[
        Literal["text", "json"], about("log", "Log lines for people, or JSON.", key="format", flag=True)
    ] = "text"
    tracing: Annotated[
        Literal["off", "otlp"],
        about(
            "log", "Where traces go: nowhere, or to the OpenTelemetry collector that OTEL_* variables name."
        ),
    ] = "off"

    cast: Annotated[
        dict[str, tuple[str, ...]],
        about("", 'Engines per model (owner/slug, or "*" for all others), the preferred one first.'),
    ] = msgspec.field(default_factory=lambda: {"chetwinlow1/ovi": ("ovi", "animatic"), "*": ("animatic",)})
    failover: Annotated[
        dict[str, Literal["unpaid", "always", "never"]],
        about(
            "",
            'When the next engine of the cast plays a task after one has failed, by model (owner/slug, or "*"): '
            "only if nothing was paid (unpaid, the default), always, or never.",
        ),
    ] = msgspec.field(default_factory=dict)
    max_running: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0)]],
        about(
            "",
            "Tasks that run at the same time, by model (owner/slug); over all dispatchers.",
        ),
    ] = msgspec.field(default_factory=dict)
    max_queued: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0)]],
        about("", 'Tasks that wait, by model (owner/slug, or "*" for each of all others).'),
    ] = msgspec.field(default_factory=dict)
    priority: Annotated[
        dict[str, int],
        about("", 'Priority of tasks by model (owner/slug, or "*"): higher ones are taken first.'),
    ] = msgspec.field(default_factory=dict)
    engine: Annotated[
        dict[str, dict[str, object]], about("", "Options per engine, as [engine.<name>] tables.")
    ] = msgspec.field(default_factory=dict)

    origins: dict[str, Origin] = {}
    """Where the value of each setting comes from, by setting name; a setting that is missing has its default."""

    def origin(self, name: str) -> Origin:
        """Where the value of one setting comes from."""
        return self.origins.get(name, "default")

    def __repr__(self) -> str:
        """Names the data folder only: settings hold secrets, and representations end in logs."""
        return f"Settings(data={str(self.data)!r}, ...)"
