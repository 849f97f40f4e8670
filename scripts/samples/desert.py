"""The desert: evening sky, ruins, dunes, footprints."""

import numpy as np

from samples.canvas import HEIGHT, WIDTH, Canvas, Colour, Points, box, curve, ellipse, mix, ribbon

SUN = (1010.0, 318.0)


def sky(canvas: Canvas) -> None:
    """Clouds and the low sun over the gradient."""
    canvas.glow(*SUN, 330, (255, 232, 180), 0.9)
    canvas.shape(ellipse(*SUN, 46, 46), (255, 246, 220), blur=2)
    for x, y, length in (
        (240, 130, 300),
        (720, 92, 240),
        (1130, 176, 220),
        (420, 214, 190),
        (90, 250, 150),
        (860, 236, 170),
    ):
        for _ in range(5):
            dx, dy = canvas.random.normal(0, length * 0.3), canvas.random.normal(0, 7)
            line = [(x + dx - length / 2, y + dy + 6), (x + dx, y + dy), (x + dx + length / 2, y + dy - 7)]
            canvas.shape(
                ribbon(line, (1, canvas.random.uniform(6, 16), 1)), (255, 232, 204), blur=5, alpha=0.42
            )
    for x, y, size in ((610, 150, 11), (648, 132, 8), (676, 156, 7)):
        wing = [
            (x - size, y - size * 0.4),
            (x - size * 0.4, y - size * 0.7),
            (x, y),
            (x + size * 0.5, y - size * 0.8),
            (x + size, y - size * 0.5),
        ]
        canvas.shape(ribbon(wing, (0.8, 2.6, 2.4, 2.6, 0.8)), (92, 76, 72))


def _column(canvas: Canvas, x: float, top: float, bottom: float, width: float) -> None:
    stone: Colour = (206, 154, 112)
    half = width / 2
    shaft = np.array([(x - half * 0.84, top), (x + half * 0.84, top), (x + half, bottom), (x - half, bottom)])
    canvas.shape(shaft, [(top, stone), (bottom, (222, 172, 124))])
    canvas.shape(
        box(x - half * 1.1, top, x - half * 0.1, bottom),
        (134, 92, 78),
        blur=width * 0.14,
        alpha=0.75,
        within=shaft,
    )
    canvas.shape(
        box(x + half * 0.6, top, x + half * 1.1, bottom), (255, 222, 170), blur=1, alpha=0.8, within=shaft
    )
    for share in (-0.35, 0.1, 0.45):
        canvas.shape(
            box(x + half * share - 0.6, top, x + half * share + 0.6, bottom),
            (146, 102, 82),
            alpha=0.5,
            within=shaft,
        )
    canvas.shape(box(x - half * 1.4, top - 5, x + half * 1.4, top + 3), (214, 164, 120))
    canvas.shape(box(x - half * 1.4, bottom - 5, x + half * 1.4, bottom), (190, 138, 100))


def ruins(canvas: Canvas) -> None:
    """Columns and a broken wall on the horizon, in the haze."""
    base = 404.0
    mound = curve(
        [(700, 420), (790, 398), (920, 386), (1080, 384), (1220, 398), (1330, 420), (1300, 470), (720, 470)]
    )
    canvas.shape(mound, [(384, (238, 184, 124)), (440, (226, 164, 106))], blur=1.5)
    for x, top in ((800, 292), (838, 286), (876, 286), (914, 302), (952, 336)):
        _column(canvas, x, top, base - 6, 19)
    canvas.shape(
        np.array([(786, 268), (890, 266), (893, 282), (787, 284)]),
        [(266, (218, 168, 124)), (284, (160, 112, 88))],
    )
    canvas.shape(
        np.array([(786, 266), (838, 240), (864, 252), (858, 267)]),
        [(240, (214, 164, 122)), (268, (174, 124, 96))],
    )
    wall = np.array(
        [
            (1060, 400),
            (1060, 250),
            (1078, 236),
            (1104, 240),
            (1122, 226),
            (1170, 230),
            (1186, 252),
            (1208, 256),
            (1214, 300),
            (1232, 306),
            (1236, 402),
        ]
    )
    canvas.shape(wall, [(226, (196, 146, 110)), (402, (214, 160, 114))])
    for row in range(11):
        y = 240 + row * 15
        canvas.shape(box(1056, y, 1240, y + 1.2), (134, 94, 76), alpha=0.45, within=wall)
        for brick in range(8):
            x = 1064 + brick * 24 + (row % 2) * 12
            canvas.shape(box(x, y, x + 1.2, y + 15), (134, 94, 76), alpha=0.4, within=wall)
    arch = np.concatenate(
        [
            box(1112, 312, 1172, 402)[[3, 0]],
            ellipse(1142, 312, 30, 36)[48:],
            box(1112, 312, 1172, 402)[[1, 2]],
        ]
    )
    canvas.shape(arch, [(276, (112, 74, 70)), (400, (250, 200, 140))])
    canvas.shape(box(1040, 220, 1086, 410), (120, 82, 74), blur=12, alpha=0.55, within=wall)
    canvas.shape(box(1218, 220, 1242, 410), (255, 220, 168), blur=3, alpha=0.5, within=wall)
    for x, y, r in ((984, 398, 11), (1012, 402, 8), (770, 402, 8), (1262, 404, 10), (1034, 400, 6)):
        canvas.shape(
            curve([(x - r, y + 5), (x - r * 0.7, y - r * 0.6), (x + r * 0.3, y - r * 0.8), (x + r, y + 5)]),
            (176, 126, 94),
        )
    canvas.shape(box(680, 352, 1300, 420), (252, 204, 144), blur=16, alpha=0.4)


def _dune(
    canvas: Canvas, crest: list[tuple[float, float]], lit: Colour, low: Colour, shade: Colour, depth: float
) -> Points:
    line = curve(crest, closed=False, steps=24)
    dune = np.concatenate([line, [(WIDTH + 60, HEIGHT + 60), (-60, HEIGHT + 60)]])
    top = float(line[:, 1].min())
    canvas.shape(dune, [(top, lit), (top + 190, low)], blur=0.7)
    # The side that falls away from the sun lies in shade: below each crest, to the left of its summits.
    summit = int(line[:, 1].argmin())
    falling = line[: summit + 1]
    lower = falling + np.stack([np.linspace(0, 90, len(falling)), depth * np.hanning(len(falling))], 1)
    canvas.shape(np.concatenate([falling, lower[::-1]]), shade, blur=5, alpha=0.75, within=dune)
    canvas.shape(
        ribbon([tuple(each) for each in line[::24]], (2.4, 2.4)), (255, 230, 180), blur=0.8, alpha=0.65
    )
    return dune


def dunes(canvas: Canvas) -> None:
    """Three ranges of sand, the nearest one rippled by the wind."""
    _dune(
        canvas,
        [(-60, 372), (150, 336), (330, 372), (560, 404), (800, 416), (1340, 420)],
        (240, 184, 124),
        (214, 148, 92),
        (176, 116, 92),
        60,
    )
    _dune(
        canvas,
        [(-60, 452), (200, 440), (520, 446), (860, 424), (1080, 412), (1340, 440)],
        (240, 182, 116),
        (208, 138, 80),
        (170, 106, 76),
        70,
    )
    front = _dune(
        canvas,
        [(-60, 520), (160, 500), (480, 520), (800, 502), (1060, 470), (1340, 478)],
        (238, 176, 108),
        (186, 114, 62),
        (158, 94, 64),
        90,
    )
    canvas.mottle(front, 16, 0.04, stretch=6)
    for index in range(46):
        y = 530 + index**1.24 * 1.75
        near = (y - 500) / 220
        x = np.linspace(-20, WIDTH + 20, 22)
        wave = (
            y
            + np.sin(x / (120 + 40 * near) + index * 0.9) * (3 + 6 * near)
            + np.sin(x / 47 + index * 2.3) * 1.6
        )
        widths = 0.5 + (1.2 + 3.2 * near) * (0.5 + 0.5 * np.sin(x / 90 + index * 1.7))
        canvas.shape(
            ribbon(list(zip(x, wave, strict=True)), widths), (128, 74, 46), blur=0.9, alpha=0.3, within=front
        )
        canvas.shape(
            ribbon(list(zip(x, wave - 2 - 2 * near, strict=True)), widths * 0.6),
            (255, 216, 150),
            blur=0.9,
            alpha=0.32,
            within=front,
        )


def footprints(canvas: Canvas) -> None:
    """The way that the camel has come."""
    for step in range(15):
        x = 330 - step * 38
        for side in (-1, 1):
            u, v = x + side * 10, 606 + side * 7 + step * 3.1
            canvas.shape(
                ellipse(u, v, 12 + step * 0.4, 4.6 + step * 0.2), (120, 68, 42), blur=1.2, alpha=0.75
            )
            canvas.shape(ellipse(u - 3, v + 3.6, 11, 2.4), (255, 218, 156), blur=1, alpha=0.6)


def foreground(canvas: Canvas) -> None:
    """A dark dune with tufts of grass, nearest to the eye."""
    crest = [(-60, 690), (240, 668), (560, 690), (900, 672), (1340, 640)]
    dune = np.concatenate([curve(crest, closed=False), [(WIDTH + 60, 800), (-60, 800)]])
    canvas.shape(dune, [(640, (206, 134, 76)), (HEIGHT, (134, 78, 46))], blur=1)
    canvas.shape(ribbon(crest, (2.5, 2.5)), (255, 220, 160), blur=0.8, alpha=0.7)
    for x, y, size in ((120, 690, 1.2), (1130, 668, 1.5), (1186, 676, 1.0)):
        starts = np.full((26, 2), (x, y)) + canvas.random.normal(0, (14, 3), (26, 2))
        blades = np.stack([canvas.random.normal(8, 16, 26), -canvas.random.uniform(18, 46, 26)], 1) * size
        canvas.hairs(
            starts,
            blades,
            [mix((98, 78, 40), (206, 170, 92), canvas.random.random()) for _ in range(26)],
            2,
            0.2,
        )
