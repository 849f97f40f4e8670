"""What is simulated: how large the cluster is, who submits how much, and what goes wrong."""

import msgspec

VIDEO, SOUND = "video", "sound"
CLIP, URGENT, RARE, SONG = "acme/clip", "acme/urgent", "acme/rare", "acme/song"
ENGINE_OF = {CLIP: VIDEO, URGENT: VIDEO, RARE: VIDEO, SONG: SOUND}
SHARES = {CLIP: 0.65, URGENT: 0.1, RARE: 0.05, SONG: 0.2}
"""Of each project's tasks."""
SOUND_SHARE = 0.2
"""Of the replicas are for sound."""
CARDS_EACH = 4
"""Cards that a replica has to itself."""
PRIORITIES = {URGENT: 5}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A simulation. The first fifth and the last of its time there is less to do than there are cards for, in between more."""

    hours: float
    cards: int
    dispatchers: int = 3
    equal: int = 40
    """Projects that all ask for the same, in bursts."""
    greedy: int = 4
    """Projects that ask for five times as much."""
    mean_seconds: float = 1800.0
    """Of a job."""
    grid_seconds: float = 30.0
    """Jobs end at whole multiples of it."""
    burst_seconds: float = 600.0
    """Between the bursts of a project, on average."""
    calm: float = 0.5
    """What the equal projects ask for in calm times, as a share of all cards."""
    storm: float = 2.0
    lease_seconds: float = 15.0
    killed: float = 0.01
    """Of the tasks are killed at some time."""
    deaths: int = 6
    """How often a dispatcher dies; another one takes its cards over after a minute."""
    lost_news: float = 0.01
    seed: int = 1

    @property
    def seconds(self) -> float:
        """Of virtual time, in all."""
        return self.hours * 3600

    @property
    def replicas(self) -> int:
        """Of all engines together: jobs that run at the same time at most."""
        return self.cards // CARDS_EACH

    @property
    def limited(self) -> int:
        """Tasks that the limited project may run at the same time."""
        return max(2, self.replicas // 200)

    @property
    def rare(self) -> int:
        """Tasks of the rare model that may run, and that may wait, at the same time."""
        return max(2, self.replicas // 50)

    @property
    def queued(self) -> int:
        """Tasks of one project that may wait."""
        return 8 * self.replicas // self.equal

    def replicas_of(self, dispatcher: int) -> dict[str, int]:
        """Those of one dispatcher, by engine."""
        sound = round(self.replicas * SOUND_SHARE)
        return {
            VIDEO: _part(self.replicas - sound, dispatcher, self.dispatchers),
            SOUND: _part(sound, dispatcher, self.dispatchers),
        }

    def load(self, at: float) -> float:
        """What the equal projects ask for at a time, as a share of all cards."""
        return self.storm if 0.2 * self.seconds <= at < 0.8 * self.seconds else self.calm


def _part(whole: int, number: int, parts: int) -> int:
    return whole * (number + 1) // parts - whole * number // parts
