"""The patio in autumn: trees, a café, tables, falling leaves."""

import numpy as np

from samples.canvas import HEIGHT, Canvas, Colour, box, curve, ellipse, mix, ribbon, shifted

_LEAVES: tuple[Colour, ...] = ((214, 96, 40), (238, 156, 52), (186, 62, 38), (246, 196, 92), (150, 108, 48))


def garden(canvas: Canvas) -> None:
    """Trees and fallen leaves, out of focus."""
    for x, width in ((90, 34), (300, 22), (420, 30), (760, 26)):
        canvas.shape(
            ribbon([(x, -10), (x + 12, 260), (x - 4, 560)], (width * 0.7, width, width * 1.3)),
            (104, 72, 56),
            blur=5,
            alpha=0.8,
        )
    for _ in range(430):
        x, y = (
            canvas.random.uniform(-30, 900),
            canvas.random.uniform(-40, 1) ** 1 + canvas.random.random() ** 1.4 * 470,
        )
        r = canvas.random.uniform(10, 44)
        colour = mix(
            _LEAVES[canvas.random.integers(5)], (255, 226, 150), canvas.random.uniform(0, 0.5) * (1 - y / 700)
        )
        canvas.shape(
            ellipse(x, y, r, r * 0.9), colour, blur=r * 0.12, alpha=canvas.random.uniform(0.22, 0.62)
        )
    canvas.shape(box(-10, 470, 1290, 740), [(470, (190, 136, 92)), (HEIGHT, (112, 80, 66))], blur=22)
    for _ in range(150):
        x, y = canvas.random.uniform(0, 1280), 500 + canvas.random.random() * 220
        canvas.shape(ellipse(x, y, 15, 5), _LEAVES[canvas.random.integers(5)], blur=2, alpha=0.7)


def cafe(canvas: Canvas) -> None:
    """The lit window and the awning on the right."""
    canvas.shape(box(880, -10, 1300, 740), [(0, (112, 70, 54)), (HEIGHT, (70, 46, 42))], blur=2)
    window = box(930, 70, 1250, 470)
    canvas.shape(window, [(70, (255, 214, 132)), (470, (232, 158, 84))])
    for x in (980, 1050, 1140, 1205):
        canvas.shape(
            curve([(x - 24, 470), (x - 26, 380), (x - 10, 350), (x + 12, 350), (x + 26, 384), (x + 24, 470)]),
            (150, 92, 58),
            blur=5,
            alpha=0.7,
            within=window,
        )
        canvas.shape(ellipse(x, 330, 15, 18), (150, 92, 58), blur=4, alpha=0.7, within=window)
    for x, y in ((990, 130), (1090, 112), (1190, 136)):
        canvas.shape(
            curve([(x - 26, y + 20), (x - 10, y - 6), (x + 10, y - 6), (x + 26, y + 20)]), (120, 66, 44)
        )
        canvas.glow(x, y + 34, 60, (255, 244, 200), 0.8)
    for x in (924, 1036, 1142, 1250):
        canvas.shape(box(x, 64, x + 10, 476), (66, 40, 36))
    for y in (62, 180, 470):
        canvas.shape(box(924, y, 1260, y + 11), (66, 40, 36))
    canvas.shape(box(930, 70, 1000, 470), (255, 246, 214), blur=26, alpha=0.25, within=window)
    for index in range(9):
        left = 872 + index * 50
        canvas.shape(
            np.array([(left, -10), (left + 50, -10), (left + 50, 40), (left + 25, 56), (left, 40)]),
            (170, 66, 48) if index % 2 else (246, 230, 204),
        )


def lights(canvas: Canvas) -> None:
    """A string of lamps."""
    line = curve([(-20, 60), (200, 118), (430, 92), (640, 132), (890, 58)], closed=False, steps=24)
    canvas.shape(ribbon([tuple(each) for each in line[::12]], (2, 2)), (70, 46, 40), alpha=0.8)
    for x, y in line[6::9]:
        canvas.glow(x, y + 12, 26, (255, 232, 160), 0.8)
        canvas.shape(ellipse(x, y + 12, 5, 7), (255, 248, 214))


def tables_behind(canvas: Canvas) -> None:
    """Two tables with flowers."""
    for x, y in ((148, 452), (800, 470)):
        canvas.shape(ellipse(x, y + 132, 96, 16), (70, 44, 40), blur=10, alpha=0.5)
        canvas.shape(ribbon([(x, y), (x, y + 128)], (10, 14)), (72, 50, 46))
        canvas.shape(ellipse(x, y + 8, 98, 20), (84, 54, 44))
        canvas.shape(ellipse(x, y, 98, 20), [(y - 20, (214, 156, 106)), (y + 20, (150, 98, 68))])
        canvas.shape(curve([(x - 12, y - 30), (x + 12, y - 30), (x + 9, y), (x - 9, y)]), (236, 228, 214))
        for _ in range(9):
            u, v = canvas.random.normal(x, 13), canvas.random.normal(y - 44, 9)
            canvas.shape(ellipse(u, v, 8, 7), _LEAVES[canvas.random.integers(4)])


def table(canvas: Canvas) -> None:
    """Her own table, with the saucer."""
    top = curve([(150, 700), (330, 652), (560, 640), (800, 652), (980, 700), (1000, 780), (130, 780)])
    canvas.shape(shifted(top, 0, -6), (30, 20, 24), blur=10, alpha=0.5)
    canvas.shape(top, [(640, (206, 148, 98)), (HEIGHT, (142, 92, 62))])
    for index in range(12):
        y = 650 + index * 7
        canvas.shape(
            ribbon([(140, y + 40), (560, y), (1000, y + 40)], (1, 2.4, 1)),
            (122, 76, 50),
            blur=0.8,
            alpha=0.4,
            within=top,
        )
    canvas.shape(
        ribbon([(150, 702), (330, 655), (560, 643), (800, 655), (980, 702)], (2, 5, 6, 5, 2)),
        (255, 222, 172),
        blur=2,
        alpha=0.7,
        within=top,
    )
    canvas.shape(ellipse(566, 690, 96, 17), (80, 48, 36), blur=7, alpha=0.5)
    canvas.shape(ellipse(562, 682, 92, 19), [(664, (255, 252, 246)), (702, (206, 194, 188))])
    canvas.shape(ellipse(562, 680, 62, 12), (224, 214, 208), blur=1.5)
    canvas.shape(ellipse(562, 681, 44, 8), (250, 246, 240), blur=1)
    for x, y, turn, colour in (
        (250, 694, 20, _LEAVES[0]),
        (850, 690, -30, _LEAVES[1]),
        (910, 704, 40, _LEAVES[2]),
    ):
        _leaf(canvas, x, y, 24, turn, colour)


def _leaf(canvas: Canvas, x: float, y: float, size: float, turn: float, colour: Colour) -> None:
    angle = np.radians(turn)
    matrix = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    shape = [
        (-1, 0),
        (-0.5, -0.42),
        (-0.28, -0.3),
        (0, -0.62),
        (0.2, -0.32),
        (0.56, -0.38),
        (1, 0),
        (0.56, 0.38),
        (0.2, 0.32),
        (0, 0.62),
        (-0.28, 0.3),
        (-0.5, 0.42),
    ]
    outline = curve([tuple(each) for each in np.array(shape) * size @ matrix + [x, y]], steps=5)
    canvas.shape(shifted(outline, 3, 6), (60, 34, 28), blur=4, alpha=0.4)
    canvas.shape(outline, colour)
    spine = np.array([(-1.3, 0.05), (0, 0), (0.9, 0)]) * size @ matrix + [x, y]
    canvas.shape(ribbon([tuple(each) for each in spine], (2.4, 1.6, 0.5)), mix(colour, (90, 40, 20), 0.5))


def falling_leaves(canvas: Canvas) -> None:
    """Leaves in the air, in focus."""
    for x, y, size, turn, colour in (
        (228, 190, 20, 35, 1),
        (332, 330, 16, -40, 0),
        (780, 236, 18, 70, 3),
        (130, 350, 24, 10, 2),
        (724, 96, 14, -20, 0),
        (834, 388, 22, 130, 1),
        (64, 150, 15, 80, 3),
    ):
        _leaf(canvas, x, y, size, turn, _LEAVES[colour])
