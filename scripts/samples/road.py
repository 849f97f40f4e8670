"""A narrow dirt road through grass by day, with a bicycle beside it."""

import numpy as np

from samples.canvas import HEIGHT, WIDTH, Canvas, Colour, box, curve, ellipse, mix, ribbon

HORIZON = 318.0
_SUNLIT: Colour = (176, 196, 92)
_SHADED: Colour = (58, 104, 52)


def draw() -> Canvas:
    """The finished picture."""
    canvas = Canvas(seed=4)
    canvas.backdrop([(0, (94, 158, 214)), (200, (168, 208, 232)), (HORIZON, (246, 240, 216))])
    _clouds(canvas)
    canvas.glow(1010, 120, 420, (255, 244, 205), 0.55)
    _hills(canvas)
    _meadow(canvas)
    _road(canvas)
    _grass(canvas, 330, 545, 5600)
    _flowers(canvas, 400, 560, 90)
    _bicycle(canvas, 922, 486, 1.0)
    _grass(canvas, 545, 730, 2500)
    _flowers(canvas, 585, 715, 90)
    canvas.glow(1010, 150, 620, (255, 240, 190), 0.22)
    return canvas


def _clouds(canvas: Canvas) -> None:
    for x, y, size in (
        (250, 120, 1.3),
        (620, 78, 0.8),
        (900, 190, 0.9),
        (1180, 96, 1.1),
        (60, 236, 0.7),
        (480, 226, 0.6),
    ):
        for _ in range(26):
            dx = canvas.random.normal(0, 60 * size)
            r = canvas.random.uniform(14, 38) * size * np.exp(-abs(dx) / 110 / size)
            lift = canvas.random.uniform(0, 34) * size * np.exp(-abs(dx) / 70 / size)
            shade = mix((222, 232, 242), (255, 254, 248), lift / 34 / size)
            canvas.shape(ellipse(x + dx, y - lift - r * 0.3, r * 1.4, r), shade, blur=5, alpha=0.62)
        canvas.shape(ellipse(x, y + 6 * size, 110 * size, 7 * size), (206, 222, 236), blur=8, alpha=0.6)


def _hills(canvas: Canvas) -> None:
    layers: tuple[tuple[float, float, Colour], ...] = (
        (262, 30, (158, 188, 206)),
        (284, 22, (132, 172, 164)),
        (302, 14, (112, 156, 108)),
    )
    for index, (y, rise, colour) in enumerate(layers):
        x = np.linspace(-20, WIDTH + 20, 200)
        top = y - rise * np.sin(x / (150 - index * 26) + index * 2.1) - rise * 0.5 * np.sin(x / 61 + index)
        hill = np.concatenate([np.stack([x, top], 1), [(WIDTH + 20, 420), (-20, 420)]])
        canvas.shape(hill, [(y - rise, colour), (HORIZON + 30, mix(colour, (228, 226, 176), 0.5))])
    for x in np.sort(canvas.random.uniform(0, WIDTH, 46)):
        if 560 < x < 690:
            continue
        y = HORIZON - 2 + canvas.random.uniform(-5, 4)
        size = canvas.random.uniform(7, 19)
        for _ in range(7):
            dx, dy = canvas.random.normal(0, size * 0.5, 2)
            shade = mix((70, 118, 74), (146, 170, 92), canvas.random.random())
            canvas.shape(
                ellipse(x + dx, y - size * 0.7 + dy * 0.7, size * 0.55, size * 0.5), shade, blur=1, alpha=0.9
            )


def _meadow(canvas: Canvas) -> None:
    ground = box(-5, HORIZON, WIDTH + 5, HEIGHT + 5)
    canvas.shape(
        ground,
        [(HORIZON, (196, 200, 122)), (400, (142, 176, 82)), (560, (96, 144, 62)), (HEIGHT, (60, 106, 46))],
        blur=2,
    )
    canvas.mottle(box(0, HORIZON + 8, WIDTH, HEIGHT), 34, 0.12, stretch=5)


def _centre(y: float) -> float:
    near = (y - HORIZON) / (HEIGHT - HORIZON)
    return 628 + 66 * np.sin(2.9 * near**0.62) - 178 * near**1.7


def _width(y: float) -> float:
    return 5 + 420 * ((y - HORIZON) / (HEIGHT - HORIZON)) ** 1.25


def _road(canvas: Canvas) -> None:
    rows = HORIZON + np.linspace(0, 1, 90) ** 1.6 * (HEIGHT + 10 - HORIZON)
    line = [(float(_centre(y)), float(y)) for y in rows]

    def band(offset: float, share: float) -> np.ndarray:
        sides = [(x + (offset - share) * _width(y), x + (offset + share) * _width(y)) for x, y in line]
        left = [(a, y) for (a, _), (_, y) in zip(sides, line, strict=True)]
        right = [(b, y) for (_, b), (_, y) in zip(sides, line, strict=True)]
        return np.array(left + right[::-1])

    road = band(0, 0.5)
    canvas.shape(band(0, 0.56), (120, 128, 66), blur=4, alpha=0.8)
    canvas.shape(road, [(HORIZON, (226, 206, 160)), (430, (206, 172, 122)), (HEIGHT, (164, 122, 80))], blur=1)
    for track in (-0.27, 0.27):
        canvas.shape(
            band(track, 0.13),
            [(HORIZON, (214, 190, 144)), (HEIGHT, (138, 98, 62))],
            blur=5,
            alpha=0.75,
            within=road,
        )
        canvas.shape(band(track - 0.05, 0.03), (110, 76, 48), blur=4, alpha=0.4, within=road)
    canvas.shape(
        band(0, 0.07), [(HORIZON, (176, 182, 104)), (HEIGHT, (96, 122, 54))], blur=5, alpha=0.7, within=road
    )
    canvas.mottle(road, 9, 0.09, stretch=3)
    for _ in range(420):
        y = HORIZON + canvas.random.random() ** 0.6 * (HEIGHT - HORIZON)
        near = (y - HORIZON) / (HEIGHT - HORIZON)
        x = _centre(y) + canvas.random.uniform(-0.48, 0.48) * _width(y)
        tone = mix((120, 88, 58), (232, 210, 168), canvas.random.random())
        canvas.shape(ellipse(x, y, 0.6 + 3.6 * near, 0.4 + 2 * near), tone, alpha=0.7)
    starts, directions, fills = [], [], []
    for _ in range(900):
        y = HORIZON + 20 + canvas.random.random() ** 0.7 * (HEIGHT - HORIZON)
        near = (y - HORIZON) / (HEIGHT - HORIZON)
        x = _centre(y) + canvas.random.normal(0, 0.035) * _width(y)
        starts.append((x, y))
        directions.append((canvas.random.normal(0, 7 * near), -canvas.random.uniform(5, 26) * near))
        fills.append(mix(_SHADED, _SUNLIT, canvas.random.random()))
    canvas.hairs(np.array(starts), np.array(directions), fills, 1.6)


def _grass(canvas: Canvas, top: float, bottom: float, count: int) -> None:
    y = np.sort(top + canvas.random.random(count) ** 0.8 * (bottom - top))
    near = (y - HORIZON) / (HEIGHT - HORIZON)
    x = canvas.random.uniform(-20, WIDTH + 20, count)
    centre, half = np.array([_centre(each) for each in y]), np.array([_width(each) for each in y]) / 2
    keep = np.abs(x - centre) > half * canvas.random.uniform(0.93, 1.08, count)
    edge = 1 + 0.5 * np.exp(-(((np.abs(x - centre) - half) / (40 * near + 4)) ** 2))
    for index in np.flatnonzero(keep):
        n = near[index]
        blades = 3
        starts = np.stack(
            [x[index] + canvas.random.normal(0, 6 * n + 1, blades), np.full(blades, y[index])], 1
        )
        height = canvas.random.uniform(14, 46, blades) * n * edge[index] + 2
        lean = canvas.random.normal(0.16, 0.3, blades) * height
        tones = canvas.random.random(blades) ** 1.5
        light = 0.25 + 0.5 * (1 - n)
        fills = [mix(_SHADED, _SUNLIT, min(1.0, tone * 0.75 + light * 0.4)) for tone in tones]
        canvas.hairs(starts, np.stack([lean, -height], 1), fills, 0.7 + 2.4 * n, bend=0.18)


def _flowers(canvas: Canvas, top: float, bottom: float, count: int) -> None:
    palette: tuple[Colour, ...] = ((252, 250, 240), (250, 214, 84), (232, 104, 84), (174, 140, 214))
    for y in np.sort(canvas.random.uniform(top, bottom, count)):
        near = (y - HORIZON) / (HEIGHT - HORIZON)
        x = canvas.random.uniform(0, WIDTH)
        if abs(x - _centre(y)) < _width(y) * 0.6:
            continue
        colour, r = palette[canvas.random.choice(4, p=(0.42, 0.32, 0.14, 0.12))], 1 + 4.2 * near
        up = y - 30 * near
        for turn in range(5):
            angle = turn * 2 * np.pi / 5
            canvas.shape(
                ellipse(x + r * np.cos(angle), up + r * 0.7 * np.sin(angle), r * 0.75, r * 0.6), colour
            )
        canvas.shape(ellipse(x, up, r * 0.55, r * 0.45), (240, 184, 60))


def _bicycle(canvas: Canvas, x: float, y: float, scale: float) -> None:
    def at(u: float, v: float) -> tuple[float, float]:
        return x + u * scale, y + v * scale

    canvas.shape(ellipse(*at(40, 88), 210 * scale, 17 * scale), (34, 58, 30), blur=9, alpha=0.6)
    rear, front, radius = (-96, 0), (112, 0), 82
    crank, saddle, head, bars = (-2, 12), (-44, -108), (82, -104), (74, -148)
    tyre, metal, frame, light = (38, 36, 38), (206, 210, 214), (196, 52, 44), (240, 120, 96)
    for u, v in (rear, front):
        for spoke in range(18):
            angle = spoke * np.pi / 9 + 0.1
            tip = at(u + (radius - 6) * np.cos(angle), v + (radius - 6) * np.sin(angle))
            canvas.line([at(u, v), tip], 0.9, (216, 220, 222), 0.8)
        cx, cy = at(u, v)
        canvas.ring(cx, cy, radius * scale, radius * scale, 7 * scale, tyre)
        canvas.ring(cx, cy, (radius - 7) * scale, (radius - 7) * scale, 2.5 * scale, metal)
        canvas.shape(ellipse(cx, cy, 6, 6), (90, 92, 96))
        guard = [
            (u + (radius + 7) * np.cos(a), v + (radius + 7) * np.sin(a))
            for a in np.radians(np.linspace(195, 318, 9))
        ]
        canvas.line([at(*each) for each in guard], 4, (150, 38, 34))
    tubes = (
        (saddle, crank),
        (crank, head),
        ((-38, -92), (80, -92)),
        (rear, crank),
        (rear, (-38, -88)),
        (head, front),
        ((84, -88), bars),
    )
    for start, end in tubes:
        canvas.line([at(*start), at(*end)], 8.5, frame)
        canvas.line([at(start[0] - 1, start[1] - 1.6), at(end[0] - 1, end[1] - 1.6)], 2.2, light, 0.8)
    canvas.line([at(74, -148), at(92, -158), at(70, -164), at(42, -158)], 5.5, (190, 194, 198))
    canvas.line([at(52, -160), at(34, -155)], 9, (88, 52, 34))
    canvas.line([at(-44, -106), at(-48, -126)], 5, metal)
    canvas.shape(
        curve(
            [
                at(-82, -132),
                at(-60, -140),
                at(-34, -133),
                at(-10, -131),
                at(-12, -126),
                at(-40, -122),
                at(-70, -118),
            ]
        ),
        (92, 56, 36),
    )
    canvas.ring(*at(*crank), 19 * scale, 19 * scale, 4, (70, 70, 74))
    canvas.line([at(-2, 12), at(16, 46)], 5, metal)
    canvas.line([at(4, 48), at(30, 45)], 6, tyre)
    canvas.line([at(-2, -7), at(-96, -7)], 1.6, (60, 60, 62))
    canvas.line([at(-2, 31), at(-96, 8)], 1.6, (60, 60, 62))
    canvas.line([at(-70, 20), at(-46, 86)], 4.5, (90, 92, 96))
    basket = np.array([at(88, -150), at(150, -150), at(141, -104), at(97, -104)])
    canvas.shape(basket, [(y - 150, (202, 158, 100)), (y - 104, (150, 106, 62))])
    for row in range(4):
        v = -146 + row * 12
        canvas.line([at(90 + row * 2, v), at(148 - row * 2, v)], 1.6, (122, 82, 46), 0.8)
    for column in range(7):
        u = 92 + column * 9
        canvas.line([at(u, -150), at(97 + column * 7.2, -104)], 1.4, (122, 82, 46), 0.6)
    for u, v, colour in (
        (100, -160, (252, 250, 240)),
        (114, -168, (250, 214, 84)),
        (128, -162, (232, 104, 84)),
        (140, -158, (252, 250, 240)),
        (107, -152, (232, 104, 84)),
    ):
        canvas.line([at(118, -140), at(u, v)], 1.6, (86, 128, 60))
        canvas.shape(ellipse(*at(u, v), 7, 6), colour)
        canvas.shape(ellipse(*at(u, v), 2.6, 2.3), (214, 160, 50))
    canvas.shape(ribbon([at(-96, -89), at(-60, -91), at(-44, -88)], (5, 5)), (90, 92, 96))
