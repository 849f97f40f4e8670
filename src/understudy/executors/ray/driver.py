"""The process that talks to Ray for a server: `python -m understudy.executors.ray.driver DESCRIPTOR ADDRESS`.

The server starts it with a connected socket as DESCRIPTOR (`protocol` tells what is said there), and as standard input a pipe
on which nothing is ever written: its end is the server's end. Actors and rooms belong to this process; Ray takes them
away when it ends, however it does.
"""

import asyncio
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from understudy.executors.connection import Connection
from understudy.executors.ray.protocol import ToDriver, Unconnected, to_driver

_THREADS = 64
"""Calls of Ray that may block at the same time: each replica that waits for room takes one."""


def main() -> None:
    """Live until the server, or the cluster, is gone."""
    descriptor, address = int(sys.argv[1]), sys.argv[2]
    os.set_inheritable(descriptor, False)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    asyncio.run(_drive(socket.socket(fileno=descriptor), address))


def _end_with_the_server() -> None:
    os.read(0, 1)
    os._exit(1)


async def _drive(connected: socket.socket, address: str) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "ray"))
    heard: asyncio.Queue[ToDriver] = asyncio.Queue()
    connection = await Connection.over(connected, heard.put_nowait, to_driver)
    try:
        from understudy.executors.ray.cluster import NoCluster, connect, disconnect
        from understudy.executors.ray.house import House
    except ImportError as error:
        reason = f"{error.name} is not installed here. Install it: pip install 'understudy[ray]'"
        connection.send(Unconnected(reason))
        await connection.closed
        return
    try:
        connect(address)
        house = House(connection.send)
        reason = await house.keep(heard, connection.closed)
        connection.send(Unconnected(reason))
    except NoCluster as error:
        connection.send(Unconnected(str(error)))
        await connection.closed
    finally:
        disconnect()


if __name__ == "__main__":
    main()
