"""What the server and its Ray driver say to each other.

Ray lives in a process of its own, the driver: Ray ends a process that has lost its cluster, and that must not be the server.
Server and driver talk over a socket, in the way of `executors.protocol`.

    server                                    driver
    ------                                    ------
                                      <-      Connected, or Unconnected(reason), and it ends
                                      <-      Nodes(nodes), now and whenever they change
    Place(replica, engine, demand)    ->
                                      <-      Placed(replica), or Refused(replica, reason)
    Begin(replica, pipeline, ...)     ->                          its actor is made in the room
                                      <-      Begun(replica, pid, node), or Gone(replica, reason)
    Play(replica, turn, order)        ->                          one at a time: a Load, then Runs; after a Run whose
                                                                  files stay on the node, what becomes of them
                                      <-      Heard(replica, turn, batch), any number; the last has an end
    Cancel(replica, turn)             ->                          at any time
    Stop(replica)                     ->                          in peace; Gone follows
    Release(replica)                  ->                          at once; its room is free again. No answer
                                      <-      Gone(replica, reason): its process, actor or node was lost
    Watch(on)                         ->                          whether it matters that others wait for room
                                      <-      Crowded(gpus), now and then while they do

What a driver and an actor say to each other is in `node_protocol`.
"""

import msgspec

from understudy.executors.ray.demand import Demand
from understudy.executors.ray.fit import Node
from understudy.executors.ray.node_protocol import OnNode, Order
from understudy.executors.timings import Timings


class Place(msgspec.Struct, frozen=True, tag="place"):
    """Find room for a replica."""

    replica: str
    engine: str
    demand: Demand
    patience: float
    """Seconds after which it is refused, if no node has so much."""


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """Start it in its room."""

    replica: str
    engine: str
    pipeline: str
    timings: Timings
    storage: str = ""
    """See `node_protocol.Birth`."""


class Fetch(msgspec.Struct, frozen=True, tag="fetch"):
    """Copy a file from the node to a path of this machine."""

    turn: str
    file: OnNode
    to: str


class Play(msgspec.Struct, frozen=True, tag="play"):
    """Have a turn played."""

    replica: str
    order: Order | Fetch


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop the turn, if it is not over."""

    replica: str
    turn: str


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Have it give its memory back, and end."""

    replica: str


class Release(msgspec.Struct, frozen=True, tag="release"):
    """End it if it lives, and give its room back, or stop looking for one."""

    replica: str


class Watch(msgspec.Struct, frozen=True, tag="watch"):
    """Say whether replicas of other servers wait for room."""

    on: bool


class Connected(msgspec.Struct, frozen=True, tag="connected"):
    """Ray can be asked."""


class Unconnected(msgspec.Struct, frozen=True, tag="unconnected"):
    """Ray cannot be asked; the driver ends."""

    reason: str


class Nodes(msgspec.Struct, frozen=True, tag="nodes"):
    """The living nodes."""

    nodes: tuple[Node, ...]


class Placed(msgspec.Struct, frozen=True, tag="placed"):
    """The replica has its room."""

    replica: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """There is no such room in the cluster."""

    replica: str
    reason: str


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The replica's process runs."""

    replica: str
    pid: int
    node: str


class Heard(msgspec.Struct, frozen=True, tag="heard"):
    """What a turn brought: a `node_protocol.Batch`, as the actor packed it."""

    replica: str
    turn: str
    batch: msgspec.Raw


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The replica's process, actor or node is lost."""

    replica: str
    reason: str
    unfit: bool = False
    """Whether it could not live there at all, as things are: another version, a missing package."""


class Crowded(msgspec.Struct, frozen=True, tag="crowded"):
    """Replicas of other servers wait for room."""

    gpus: bool
    """Whether one of them waits for a card."""


ToDriver = Place | Begin | Play | Cancel | Stop | Release | Watch
FromDriver = Connected | Unconnected | Nodes | Placed | Refused | Begun | Heard | Gone | Crowded

to_driver: msgspec.msgpack.Decoder[ToDriver] = msgspec.msgpack.Decoder(ToDriver)
from_driver: msgspec.msgpack.Decoder[FromDriver] = msgspec.msgpack.Decoder(FromDriver)
