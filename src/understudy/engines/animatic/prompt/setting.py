"""Where and when a prompt plays, and in which light."""

import re
from typing import Final, Literal

import msgspec

Time = Literal["dawn", "day", "golden hour", "dusk", "night", "midnight"]
Place = Literal["fields", "forest", "mountains", "desert", "sea", "city", "room"]
RGB = tuple[int, int, int]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """The world around the action."""

    time: Time = "day"
    place: Place = "fields"
    neon: bool = False
    warm: bool = False
    autumn: bool = False
    rain: bool = False
    mist: bool = False
    road: bool = False
    accent: RGB | None = None
    """The first colour that is named, as sRGB."""


_TIMES: Final[tuple[tuple[Time, str], ...]] = (
    ("midnight", r"\bmidnight\b"),
    ("golden hour", r"\bgolden[ -](?:hour|light)\b|\bsunset\b|\blate afternoon\b|\blow sun\b"),
    ("dusk", r"\bdusk\b|\btwilight\b|\bblue hour\b|\bevening\b|\bdimly lit\b|\bnightfall\b"),
    ("dawn", r"\bdawn\b|\bsunrise\b|\bdaybreak\b|\bearly morning\b|\bfirst light\b"),
    ("night", r"\bnight(?:time)?\b|\bmoon(?:lit|light)\b|\bstarry\b|\bstarlight\b"),
    ("day", r"\bdaylight\b|\bday(?:time)?\b|\bsunlight\b|\bsunny\b|\bsun-dappled\b|\bnoon\b|\bmidday\b|\bmorning\b|\bafternoon\b"),
)  # fmt: skip
_PLACES: Final[tuple[tuple[Place, str], ...]] = (
    ("room", r"\boffice\b|\binteriors?\b|\b(?:living|bed|class|hotel|waiting)[ -]?room\b|\broom\b|\bkitchen\b|\bcaf[eé]\b|\bbar\b|\brestaurant\b|\bindoors?\b|\barmchair\b|\bstudio\b|\bhallway\b|\blibrary\b|\bwindow\b|\bdesk\b"),
    ("city", r"\bcit(?:y|ies)\b|\bstreets?\b|\bintersection\b|\bskyline\b|\bdowntown\b|\bskyscrapers?\b|\bbuildings?\b|\burban\b|\balley\b|\brooftops?\b|\bcrosswalk\b|\bcrossing\b|\bawning\b|\btokyo\b|\bnew york\b"),
    ("forest", r"\bforests?\b|\bwoods\b|\btrees?\b|\bjungle\b|\beucalyptus\b|\bpark\b|\bbranch\b|\bpatio\b|\bgarden\b|\bleaves\b"),
    ("mountains", r"\bmountains?\b|\bcliff\b|\bvalley\b|\bpeaks?\b|\bcanyon\b|\bsnow-capped\b|\balps\b"),
    ("desert", r"\bdeserts?\b|\bdunes?\b|\bsands?\b|\bcamels?\b|\bsahara\b"),
    ("sea", r"\bsea\b|\bocean\b|\bbeach\b|\bshore\w*\b|\bharbou?r\b|\bcoast\w*\b|\blake\b|\bboats?\b|\bship\b"),
    ("fields", r"\bfields?\b|\bmeadows?\b|\bgrass\w*\b|\bhills?\b|\bcountryside\b|\bfarm\w*\b|\bdirt road\b|\bplains?\b"),
)  # fmt: skip
_TIME_PATTERNS: Final = tuple((time, re.compile(words, re.IGNORECASE)) for time, words in _TIMES)
_PLACE_PATTERNS: Final = tuple((place, re.compile(words, re.IGNORECASE)) for place, words in _PLACES)
_COLOURS: Final[dict[str, RGB]] = {
    "red": (196, 58, 52), "crimson": (176, 36, 54), "orange": (226, 128, 50), "golden": (226, 172, 78),
    "gold": (222, 170, 70), "yellow": (232, 196, 72), "teal": (30, 150, 140), "turquoise": (60, 176, 172),
    "green": (84, 150, 88), "emerald": (24, 140, 96), "blue": (70, 120, 196), "indigo": (84, 84, 180),
    "purple": (132, 84, 176), "violet": (140, 92, 190), "pink": (226, 120, 156), "magenta": (206, 60, 140),
}  # fmt: skip
_COLOUR: Final = re.compile(rf"\b(?:{'|'.join(_COLOURS)})\b", re.IGNORECASE)
_RGB: Final = re.compile(r"\brgb\s*\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.IGNORECASE)


def setting_of(scene: str) -> Setting:
    """Read the setting out of a scene's words, without its spoken lines. Of several places the most mentioned."""
    flags = {
        name: bool(re.search(words, scene, re.IGNORECASE))
        for name, words in (
            ("neon", r"\bneon\b|\bcyberpunk\b"),
            ("warm", r"\bwarm\w*|\bco[sz]y\b|\bcandle\w*|\bgolden\b|\bfireplace\b"),
            ("autumn", r"\bautumn\w*|\bfall (?:leaves|colou?rs)\b"),
            ("rain", r"\brain(?:s|y|ing|fall|storm)?\b|\brain-|\bdrizzl\w*|\bdownpour\b"),
            ("mist", r"\bmist\w*|\bfog\w*|\bhaz[ey]\b|\bsmoke\w*|\bsmoky\b"),
            ("road", r"\broads?\b|\bhighway\b|\bpath\b"),
        )
    }
    return Setting(time=_time(scene), place=_place(scene), accent=_accent(scene), **flags)


def _time(scene: str) -> Time:
    """The first of the table that is named: a midnight is also a night."""
    named = (time for time, words in _TIME_PATTERNS if words.search(scene))
    dark = re.search(r"\bneon\b", scene, re.IGNORECASE)
    return next(named, "night" if dark else "day")


def _place(scene: str) -> Place:
    counts = [(len(words.findall(scene)), place) for place, words in _PLACE_PATTERNS]
    most = max(count for count, _ in counts)
    return next(place for count, place in counts if count == most) if most else "fields"


def _accent(scene: str) -> RGB | None:
    if exact := _RGB.search(scene):
        red, green, blue = (min(255, int(part)) for part in exact.groups())
        return red, green, blue
    named = _COLOUR.search(scene)
    return _COLOURS[named[0].lower()] if named else None
