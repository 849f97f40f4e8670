"""How much memory of this machine's graphics cards is in use, by the driver's own library (NVML).

The library comes with the driver, so nothing has to be installed; a machine without it has no figures. It makes no
context on any card. Calls and structures: https://docs.nvidia.com/deploy/nvml-api/.
"""

import asyncio
import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

_KEPT_SECONDS = 5.0
_PATIENCE_SECONDS = 1.0
_LIBRARY = "libnvidia-ml.so.1"


class Memory(msgspec.Struct, frozen=True):
    """Of one card, in bytes."""

    used: int
    total: int


class _Info(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class CardMemory:
    """Asks at most every few seconds, in a thread: a driver that is waking a card takes its time."""

    def __init__(
        self,
        load: Callable[[str], Any] = ctypes.CDLL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`load` opens a shared library."""
        self._load = load
        self._clock = clock
        self._library: Any = None
        self._asked = float("-inf")
        self._known: dict[str, Memory] = {}
        self._missing = False
        self._asking: asyncio.Future[dict[str, Memory]] | None = None

    async def read(self) -> dict[str, Memory]:
        """By the number that nvidia-smi gives each card; empty where there is none."""
        if self._asking is None and not self._missing and self._clock() >= self._asked + _KEPT_SECONDS:
            self._asking = asyncio.ensure_future(asyncio.to_thread(self._ask))
        if asking := self._asking:
            # A driver that hangs keeps one thread, however often it is asked.
            await asyncio.wait({asking}, timeout=_PATIENCE_SECONDS)
            if asking.done() and asking is self._asking:
                self._known, self._asked, self._asking = asking.result(), self._clock(), None
        return self._known

    def _ask(self) -> dict[str, Memory]:
        if self._library is None:
            with suppress(OSError):
                self._library = self._load(_LIBRARY)
            if self._library is None or self._library.nvmlInit_v2():
                self._missing = True
                return {}
        number = ctypes.c_uint()
        if self._library.nvmlDeviceGetCount_v2(ctypes.byref(number)):
            return {}
        asked = {str(card): self._memory(card) for card in range(number.value)}
        return {card: memory for card, memory in asked.items() if memory is not None}

    def _memory(self, card: int) -> Memory | None:
        handle, info = ctypes.c_void_p(), _Info()
        if self._library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(card), ctypes.byref(handle)):
            return None
        if self._library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(info)):
            return None
        return Memory(used=info.used, total=info.total)
