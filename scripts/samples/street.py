"""The street: houses in the evening sun, a crossing, a shop with an awning, a traffic light."""

import numpy as np

from samples.canvas import HEIGHT, Canvas, Colour, box, curve, ellipse, mix, ribbon, shifted

HORIZON = 372.0
_AWNING: Colour = (122, 16, 30)


def street(canvas: Canvas) -> None:
    """Two rows of houses towards the sun, cars and lights, out of focus."""
    vanish = (430.0, HORIZON)
    for index in range(7):
        near = 1 - index / 7
        for side in (-1, 1):
            x = vanish[0] + side * (46 + 520 * near**1.9)
            inner = vanish[0] + side * (46 + 520 * max(0.0, near - 0.16) ** 1.9)
            height = 60 + 420 * near**1.5 + canvas.random.uniform(-26, 26) * near
            tone = mix(
                (244, 200, 160), mix((128, 88, 84), (104, 92, 110), canvas.random.random()), 0.15 + 0.8 * near
            )
            house = np.array(
                [
                    (x, HORIZON - height),
                    (inner, HORIZON - height * 0.8),
                    (inner, HORIZON + 12),
                    (x, HORIZON + 26),
                ]
            )
            canvas.shape(house, [(HORIZON - height, tone), (HORIZON, mix(tone, (255, 214, 160), 0.35))])
            for row in range(7):
                for column in range(3):
                    u = x + (inner - x) * (column + 0.35) / 3.1
                    v = HORIZON - height * 0.86 + row * height * 0.115
                    lit = (255, 226, 150) if canvas.random.random() < 0.4 else mix(tone, (60, 54, 70), 0.5)
                    w, h = abs(inner - x) * 0.14, height * 0.06
                    canvas.shape(box(u - w / 2, v, u + w / 2, v + h), lit, alpha=0.8)
    for x, y, size, colour in (
        (356, 386, 0.5, (180, 60, 52)),
        (486, 384, 0.46, (70, 92, 120)),
        (286, 398, 0.85, (222, 214, 200)),
        (540, 394, 0.7, (58, 60, 70)),
    ):
        _car(canvas, x, y, size, colour)
    for _ in range(34):
        x, y, r = (
            canvas.random.uniform(150, 760),
            canvas.random.uniform(330, 402),
            canvas.random.uniform(3, 11),
        )
        colour = ((255, 236, 180), (255, 196, 110), (236, 84, 64))[canvas.random.integers(3)]
        canvas.shape(ellipse(x, y, r, r), colour, blur=0.8, alpha=canvas.random.uniform(0.25, 0.6))


def _car(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    body = curve(
        [
            (x + u * size, y + v * size)
            for u, v in (
                (-50, 22),
                (-52, 0),
                (-40, -8),
                (-30, -34),
                (0, -40),
                (30, -34),
                (40, -8),
                (52, 0),
                (50, 22),
                (0, 26),
            )
        ]
    )
    canvas.shape(ellipse(x, y + 26 * size, 60 * size, 8 * size), (50, 40, 46), blur=3, alpha=0.6)
    canvas.shape(
        body,
        [(y - 40 * size, mix(colour, (255, 240, 210), 0.3)), (y + 26 * size, mix(colour, (20, 20, 30), 0.4))],
    )
    canvas.shape(
        curve(
            [(x + u * size, y + v * size) for u, v in ((-33, -8), (-25, -30), (0, -34), (25, -30), (33, -8))]
        ),
        (64, 70, 86),
    )
    for side in (-1, 1):
        canvas.glow(x + side * 38 * size, y + 4 * size, 15 * size + 4, (255, 244, 200), 0.9)


def ground(canvas: Canvas) -> None:
    """Road, crossing and pavement."""
    ground = box(-10, HORIZON + 20, 1290, HEIGHT + 10)
    canvas.shape(
        ground, [(HORIZON + 20, (206, 168, 140)), (470, (132, 114, 112)), (HEIGHT, (78, 72, 80))], blur=4
    )
    canvas.mottle(ground, 5, 0.05, stretch=3)
    for index in range(9):
        near, far = 40 + index * 118.0, 170 + index * 70.0
        stripe = np.array([(far, 522), (far + 40, 522), (near - 130 + 66, 632), (near - 130, 632)])
        canvas.shape(stripe, [(522, (236, 218, 196)), (632, (222, 210, 198))], blur=0.8, alpha=0.85)
    pavement = np.array([(-10, 634), (1290, 634), (1290, 730), (-10, 730)], float)
    canvas.shape(shifted(pavement, 0, -7), (60, 52, 60), blur=4, alpha=0.6)
    canvas.shape(pavement, [(634, (196, 172, 154)), (HEIGHT, (142, 124, 120))])
    canvas.shape(box(-10, 633, 1290, 637), (244, 222, 190), alpha=0.8)
    for x in range(-300, 1700, 128):
        canvas.shape(ribbon([(x * 0.86 + 90, 638), (x, 726)], (1.6, 2.6)), (104, 90, 90), alpha=0.6)
    canvas.shape(box(-10, 682, 1290, 684), (104, 90, 90), alpha=0.5)
    corner = np.array([(700, 452), (1290, 430), (1290, 640), (760, 640)])
    canvas.shape(corner, [(440, (196, 166, 146)), (640, (182, 160, 146))])
    for index in range(5):
        canvas.shape(
            ribbon([(700 + index * 12, 460 + index * 40), (1290, 446 + index * 46)], (1, 2)),
            (112, 96, 94),
            alpha=0.5,
        )


def building(canvas: Canvas) -> None:
    """The house at the corner, with shop and awning."""
    front = np.array([(726, -10), (1290, -10), (1290, 470), (726, 462)])
    canvas.shape(front, [(-10, (132, 96, 84)), (470, (168, 124, 100))])
    for row in range(16):
        y = -6 + row * 15
        canvas.shape(box(726, y, 1290, y + 1.3), (96, 68, 62), alpha=0.5)
        for column in range(20):
            x = 730 + column * 30 + (row % 2) * 15
            canvas.shape(box(x, y, x + 1.3, y + 15), (96, 68, 62), alpha=0.4)
    for x in (770, 900, 1030, 1160):
        canvas.shape(box(x - 9, -10, x + 89, 156), (222, 196, 168))
        pane = box(x, -10, x + 80, 144)
        canvas.shape(pane, [(-10, (92, 100, 124)), (144, (206, 170, 140))])
        canvas.shape(
            np.array([(x, 100), (x + 80, 20), (x + 80, 60), (x, 144)]),
            (255, 226, 184),
            blur=3,
            alpha=0.4,
            within=pane,
        )
        canvas.shape(box(x + 38, -10, x + 42, 146), (222, 196, 168))
        canvas.shape(box(x - 14, 150, x + 94, 162), (232, 208, 180))
    canvas.shape(box(726, 190, 1290, 204), (96, 66, 60))
    window = box(752, 290, 1080, 450)
    canvas.shape(box(740, 240, 1290, 466), (62, 40, 40))
    canvas.shape(window, [(290, (255, 214, 136)), (450, (226, 146, 82))])
    for x in (800, 870, 950, 1030):
        canvas.shape(ellipse(x, 322, 13, 13), (255, 246, 208), blur=3)
        canvas.shape(
            curve([(x - 20, 450), (x - 22, 396), (x, 378), (x + 22, 396), (x + 20, 450)]),
            (140, 78, 52),
            blur=4,
            alpha=0.6,
            within=window,
        )
        canvas.shape(ellipse(x, 368, 11, 13), (140, 78, 52), blur=3, alpha=0.6, within=window)
    for x in (858, 966):
        canvas.shape(box(x, 288, x + 9, 452), (62, 40, 40))
    door = box(1116, 282, 1226, 466)
    canvas.shape(door, (84, 34, 36))
    canvas.shape(box(1132, 298, 1210, 416), [(298, (255, 208, 130)), (416, (214, 134, 78))])
    canvas.shape(ellipse(1142, 436, 5, 5), (240, 196, 110))
    _awning(canvas)
    for x in (774, 1050):
        canvas.shape(np.array([(x - 26, 446), (x + 26, 446), (x + 20, 486), (x - 20, 486)]), (70, 52, 54))
        for _ in range(38):
            u, v = canvas.random.normal(x, 17), canvas.random.normal(426, 14)
            canvas.shape(ellipse(u, v, 8, 7), mix((58, 84, 56), (150, 160, 84), canvas.random.random()))


def _awning(canvas: Canvas) -> None:
    top, front, bottom = 204.0, 292.0, 318.0
    canvas.shape(
        np.array([(722, 300), (1290, 300), (1290, 372), (752, 360)], float), (46, 22, 28), blur=13, alpha=0.6
    )
    cloth = np.array([(742, top), (1290, top), (1290, front), (696, front)])
    canvas.shape(cloth, [(top, mix(_AWNING, (90, 10, 26), 0.4)), (front, (158, 26, 36))])
    for index in range(12):
        upper, lower = 742 + index * 50.0, 696 + index * 54.0
        fold = np.array([(upper, top), (upper + 22, top), (lower + 25, front), (lower, front)])
        canvas.shape(fold, (104, 12, 26), blur=5, alpha=0.55, within=cloth)
        canvas.shape(
            ribbon([(upper + 34, top), (lower + 40, front)], (3, 7)),
            (206, 62, 62),
            blur=4,
            alpha=0.5,
            within=cloth,
        )
        scallop = curve(
            [
                (lower, front - 1),
                (lower + 54, front - 1),
                (lower + 54, bottom - 8),
                (lower + 27, bottom + 4),
                (lower, bottom - 8),
            ],
            steps=6,
        )
        canvas.shape(scallop, [(front, (150, 22, 34)), (bottom, (100, 10, 24))])
    canvas.shape(ribbon([(696, front), (1290, front)], (3, 3)), (244, 150, 120), alpha=0.8)


def traffic_light(canvas: Canvas, x: float) -> None:
    """A traffic light on red."""
    canvas.shape(box(x - 6, 150, x + 6, 640), [(150, (74, 70, 76)), (640, (42, 40, 46))])
    canvas.shape(box(x - 4, 150, x - 1, 640), (170, 150, 130), blur=1, alpha=0.6)
    canvas.shape(curve([(x - 15, 634), (x - 12, 606), (x + 12, 606), (x + 15, 634)]), (48, 46, 52))
    case = curve(
        [
            (x - 30, 116),
            (x, 110),
            (x + 30, 116),
            (x + 32, 190),
            (x + 30, 262),
            (x, 268),
            (x - 30, 262),
            (x - 32, 190),
        ],
        steps=16,
    )
    canvas.shape(case, [(110, (62, 60, 66)), (268, (34, 33, 38))])
    for y, colour in ((144, (255, 74, 56)), (190, (96, 74, 40)), (236, (38, 80, 60))):
        canvas.shape(ellipse(x, y, 19, 19), (22, 21, 25))
        canvas.shape(ellipse(x, y, 16, 16), colour)
        canvas.shape(ellipse(x - 5, y - 6, 5, 4), mix(colour, (255, 255, 255), 0.6), blur=1.6, alpha=0.8)
        canvas.shape(ribbon([(x - 20, y - 6), (x, y - 24), (x + 20, y - 6)], (3, 7, 3)), (24, 23, 28))
    canvas.glow(x, 144, 62, (255, 90, 64), 0.75)
