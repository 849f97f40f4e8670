"""The manifest: everything that is promised about one model, as typed records.

One TOML file per model, `models/<owner>/<slug>.toml`. `catalogue.loader` reads it; nothing else in the program
knows a model by name.
"""

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

import msgspec

InputType = Literal[
    "text",
    "textarea",
    "select",
    "number",
    "range",
    "fileinput",
    "multifileinput",
    "combinefileinput",
]
FILE_TYPES: frozenset[str] = frozenset({"fileinput", "multifileinput", "combinefileinput"})

PriceMethod = Literal["cpr", "cps", "cpo", "cp-outputVideoLength", "cp-promptlength", "cp-pixel"]


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One choice of a select."""

    value: str
    label: str


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input of a model. Defaults are what a form shows first."""

    id: str
    type: InputType
    label: str = ""
    help: str = ""
    note: str = ""
    placeholder: str = ""
    group: str = ""
    """The heading of the form's group that it belongs to."""
    required: bool = False
    default: str | int | float = ""
    options: tuple[Option, ...] = ()
    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    max_files: int = 1

    @property
    def is_file(self) -> bool:
        """Whether its value is files rather than text or a number."""
        return self.type in FILE_TYPES


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pricing rule: applies where every input that it names has exactly that value. US dollars."""

    method: PriceMethod
    price: Decimal
    inputs: dict[str, str] = {}
    extra: Decimal | None = None
    """`priceExtra`: with cp-pixel, the price of each further started 1,048,576 output pixels."""


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One contract: an address, typed inputs, prices and the words on its page."""

    owner: str
    slug: str
    name: str = ""
    """As printed, if it differs from the address (`google/veo3.1`)."""
    title: str = ""
    description: str = ""
    readme: str = ""
    cover: str = ""
    aliases: tuple[str, ...] = ()
    """Other names that clients of other protocols know it by, such as `sora-2-pro`."""
    ends: date | None = None
    """The day on which it is retired: operators are warned beforehand."""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    inspires: tuple[dict[str, str], ...] = ()
    """Example inputs, each in the order in which its page prints them."""
    prices: tuple[Price, ...] = ()
    cps: Decimal = Decimal("0.000585")
    """US dollars per second of work, where no rule of `prices` applies."""
    enabled: bool = True
    persistent: bool = False
    """The engine that plays it stays loaded when idle."""
    page_escapes: str = ""
    """Characters that its page prints with a backslash before them in defaults and inspires (see google/veo3-1)."""

    # What every request asks is worked out once: a manifest never changes.
    @cached_property
    def address(self) -> str:
        """`owner/slug`: its place in URLs, and its key everywhere."""
        return f"{self.owner}/{self.slug}"

    @cached_property
    def input_ids(self) -> tuple[str, ...]:
        """The names of its inputs, in their order."""
        return tuple(each.id for each in self.inputs)

    @property
    def printed_name(self) -> str:
        """The name on its page."""
        return self.name or self.address

    @cached_property
    def samples(self) -> tuple[str, ...]:
        """The bundled sample inputs that its defaults and inspires name, each once."""
        names: dict[str, None] = {}
        for each in self.inputs:
            if each.is_file:
                shown = (str(each.default), *(inspire.get(each.id, "") for inspire in self.inspires))
                names.update(dict.fromkeys(name for name in shown if name and "/" not in name))
        return tuple(names)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields of a request that it knows: its inputs, and `{id}Url` for those that are files."""
        return frozenset(
            name
            for each in self.inputs
            for name in ((each.id, f"{each.id}Url") if each.is_file else (each.id,))
        )

    @cached_property
    def url_fields(self) -> dict[str, str]:
        """For each file input the field `{id}Url`, where its addresses may come, too; "" if that is an input itself."""
        inputs = {each.id for each in self.inputs}
        fields = {each.id: f"{each.id}Url" for each in self.inputs if each.is_file}
        return {id: "" if field in inputs else field for id, field in fields.items()}

    def input(self, id: str) -> Input | None:
        """Its input of that name, if it has one."""
        return next((each for each in self.inputs if each.id == id), None)
