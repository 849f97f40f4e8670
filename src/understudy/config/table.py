"""The table of settings as values, for everything that is made from it: loading, flags, `config show`, the docs."""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from understudy.config.settings import Settings


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """The attribute of `Settings`, and the flat name everywhere."""
    type: Any
    """What `msgspec.convert` checks it against, bounds included."""
    help: str
    section: str
    """The TOML table that it stands in; empty for the top of the file."""
    key: str
    """Its full TOML key: `server.port`."""
    has_flag: bool
    secret: bool
    default: Any

    @property
    def environment(self) -> str:
        """Its environment variable."""
        return f"UNDERSTUDY_{self.name.upper()}"

    @property
    def flag(self) -> str:
        """Its flag of `serve`, if it has one."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def bare(self) -> Any:
        """Its type without the bounds."""
        return get_args(self.type)[0]

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return get_origin(self.bare) is tuple

    @property
    def is_table(self) -> bool:
        """Whether it holds values by name: entries of one origin are laid over those of the weaker ones."""
        return get_origin(self.bare) is dict


def _rows() -> tuple[Setting, ...]:
    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(Settings):
        hint = hints[field.name]
        if get_origin(hint) is not Annotated:
            continue
        meta: msgspec.Meta = get_args(hint)[1]
        extra = meta.extra or {}
        last = extra["key"] or field.name
        default = field.default if field.default is not msgspec.NODEFAULT else None
        if field.default_factory is not msgspec.NODEFAULT and field.name != "data":
            default = field.default_factory()
        rows.append(
            Setting(
                name=field.name,
                type=hint,
                help=meta.description or "",
                section=extra["section"],
                key=f"{extra['section']}.{last}".lstrip("."),
                has_flag=extra["flag"],
                secret=extra["secret"],
                default=default,
            )
        )
    return tuple(rows)


TABLE: tuple[Setting, ...] = _rows()
"""Every setting, in the order of the file. The default of `data` is None: it depends on the environment."""

_BY_NAME = {row.name: row for row in TABLE}


def setting(name: str) -> Setting:
    """The row of that name. Raises `KeyError`."""
    return _BY_NAME[name]
