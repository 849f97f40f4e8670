"""Calm colours for each hour, and what weather and place make of them. Colours are sRGB in 0..255."""

from typing import Final

import msgspec

from understudy.engines.animatic.prompt.setting import RGB, Place, Setting, Time


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """The colours of one scene."""

    zenith: RGB
    sky: RGB
    horizon: RGB
    sun: RGB
    far: RGB
    near: RGB
    light: RGB
    """Lamps, lit windows, road and glitter."""
    accent: RGB
    """The rule over the caption."""


_HOURS: Final[dict[Time, Palette]] = {
    "dawn": Palette(
        zenith=(44, 58, 92), sky=(138, 112, 134), horizon=(242, 188, 152), sun=(255, 226, 190),
        far=(148, 122, 140), near=(34, 36, 54), light=(255, 214, 170), accent=(244, 176, 140),
    ),
    "day": Palette(
        zenith=(44, 92, 126), sky=(104, 152, 176), horizon=(216, 226, 212), sun=(255, 248, 226),
        far=(136, 170, 172), near=(26, 50, 50), light=(232, 222, 194), accent=(240, 206, 132),
    ),
    "golden hour": Palette(
        zenith=(54, 60, 92), sky=(176, 112, 94), horizon=(250, 194, 120), sun=(255, 226, 168),
        far=(172, 112, 94), near=(42, 28, 36), light=(255, 206, 132), accent=(250, 184, 104),
    ),
    "dusk": Palette(
        zenith=(24, 28, 56), sky=(82, 66, 108), horizon=(210, 124, 114), sun=(250, 178, 148),
        far=(92, 74, 110), near=(18, 18, 34), light=(255, 190, 120), accent=(232, 136, 118),
    ),
    "night": Palette(
        zenith=(9, 13, 30), sky=(22, 34, 64), horizon=(58, 80, 110), sun=(226, 232, 242),
        far=(38, 54, 82), near=(7, 10, 20), light=(255, 204, 128), accent=(140, 176, 220),
    ),
    "midnight": Palette(
        zenith=(6, 8, 20), sky=(14, 20, 42), horizon=(36, 48, 78), sun=(214, 222, 236),
        far=(26, 36, 60), near=(5, 7, 14), light=(255, 196, 116), accent=(128, 158, 210),
    ),
}  # fmt: skip
_GROUND: Final[dict[Place, tuple[RGB, float]]] = {
    "fields": ((96, 126, 74), 0.34),
    "forest": ((52, 98, 70), 0.42),
    "mountains": ((84, 104, 128), 0.30),
    "desert": ((204, 150, 96), 0.5),
    "sea": ((44, 100, 128), 0.4),
    "city": ((70, 76, 96), 0.30),
    "room": ((96, 78, 68), 0.22),
}
_NEON_LOW: Final[RGB] = (196, 48, 140)
_NEON_HIGH: Final[RGB] = (34, 26, 84)
_NEON_LIGHT: Final[RGB] = (90, 220, 232)
_AUTUMN: Final[RGB] = (190, 104, 48)
_AMBER: Final[RGB] = (236, 166, 96)
_GREY: Final[RGB] = (84, 96, 108)


def palette_for(setting: Setting) -> Palette:
    """The hour's colours, toned by place, weather and the words about light."""
    hour = _HOURS[setting.time]
    tone, amount = _GROUND[setting.place]
    # At night the ground has hardly a colour of its own.
    dark = sum(hour.horizon) / 765
    shade = mixed(tone, (0, 0, 0), 1 - dark)
    far, near = mixed(hour.far, shade, amount * 0.7), mixed(hour.near, mixed(shade, (0, 0, 0), 0.62), amount)
    sky, horizon, zenith, light = hour.sky, hour.horizon, hour.zenith, hour.light
    if setting.autumn:
        far, near = mixed(far, _AUTUMN, 0.34), mixed(near, mixed(_AUTUMN, (0, 0, 0), 0.6), 0.45)
        horizon = mixed(horizon, _AMBER, 0.25)
    if setting.warm:
        horizon, sky = mixed(horizon, _AMBER, 0.22), mixed(sky, _AMBER, 0.08)
    if setting.rain:
        zenith, sky = (
            mixed(zenith, mixed(_GREY, (0, 0, 0), 0.45), 0.5),
            mixed(sky, mixed(_GREY, (0, 0, 0), 0.2), 0.6),
        )
        horizon, far = mixed(horizon, _GREY, 0.55), mixed(far, _GREY, 0.45)
    if setting.neon:
        zenith, sky, horizon = (
            mixed(zenith, _NEON_HIGH, 0.4),
            mixed(sky, _NEON_HIGH, 0.6),
            mixed(horizon, _NEON_LOW, 0.6),
        )
        far, light = mixed(far, _NEON_LOW, 0.2), _NEON_LIGHT
    accent = _lifted(setting.accent) if setting.accent else (_NEON_LOW if setting.neon else hour.accent)
    return Palette(
        zenith=zenith,
        sky=sky,
        horizon=horizon,
        sun=hour.sun,
        far=far,
        near=near,
        light=light,
        accent=_lifted(accent),
    )


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    """`first` with `share` (0 to 1) of `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _lifted(colour: RGB) -> RGB:
    """Bright enough to be seen on a dark ground."""
    lack = max(0.0, 150 - max(colour)) / 255
    return mixed(colour, (255, 255, 255), lack + 0.1)
