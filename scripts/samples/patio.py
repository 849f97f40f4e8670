"""A young woman in a dark coat with a white teacup on an autumn patio."""

import numpy as np

from samples.canvas import HEIGHT, Canvas, Colour, curve, ellipse, mix, ribbon, shifted
from samples.garden import cafe, falling_leaves, garden, lights, table, tables_behind

_SKIN: Colour = (240, 202, 174)
_BLUSH: Colour = (214, 132, 110)
_HAIR: Colour = (92, 54, 36)
_COAT: Colour = (46, 48, 62)


def draw() -> Canvas:
    """The finished picture."""
    canvas = Canvas(seed=21)
    canvas.backdrop([(0, (250, 216, 150)), (320, (230, 168, 104)), (HEIGHT, (120, 82, 62))])
    garden(canvas)
    cafe(canvas)
    canvas.soften(5)
    lights(canvas)
    tables_behind(canvas)
    canvas.soften(2)
    _hair_behind(canvas)
    _coat(canvas)
    _face(canvas, 560, 248)
    _hair_in_front(canvas)
    table(canvas)
    _hands_and_cup(canvas)
    falling_leaves(canvas)
    canvas.glow(150, 60, 620, (255, 224, 160), 0.36)
    return canvas


def _hair_behind(canvas: Canvas) -> None:
    hair = curve(
        [
            (556, 118),
            (624, 130),
            (664, 190),
            (670, 280),
            (692, 352),
            (690, 424),
            (650, 470),
            (600, 440),
            (520, 440),
            (462, 472),
            (424, 430),
            (424, 350),
            (446, 280),
            (450, 190),
            (492, 130),
        ]
    )
    canvas.shape(shifted(hair, 6, 10), (60, 36, 30), blur=12, alpha=0.4)
    canvas.shape(hair, [(118, mix(_HAIR, (40, 22, 18), 0.3)), (460, mix(_HAIR, (40, 22, 18), 0.55))])
    _strands(canvas, [(470 + i * 5.2, 300 + (i % 3) * 8) for i in range(38)], (0, 130), 0.5)


def _strands(
    canvas: Canvas, roots: list[tuple[float, float]], toward: tuple[float, float], light: float
) -> None:
    for x, y in roots:
        sway = canvas.random.normal(0, 10)
        line = [(x, y), (x + sway, y + toward[1] * 0.5), (x + toward[0] + sway * 0.4, y + toward[1])]
        colour = mix((54, 30, 22), (190, 122, 70), canvas.random.random() * light + 0.1)
        canvas.shape(ribbon(line, (0.6, 2.4, 0.5)), colour, alpha=0.7)


def _coat(canvas: Canvas) -> None:
    neck = curve([(526, 318), (524, 372), (506, 410), (560, 440), (616, 410), (598, 372), (596, 318)])
    canvas.shape(neck, [(318, mix(_SKIN, _BLUSH, 0.45)), (430, mix(_SKIN, _BLUSH, 0.15))])
    canvas.shape(ellipse(566, 338, 46, 28), (170, 102, 80), blur=10, alpha=0.6, within=neck)
    coat = curve(
        [
            (498, 398),
            (430, 424),
            (352, 462),
            (306, 540),
            (276, 660),
            (262, 780),
            (880, 780),
            (850, 660),
            (812, 540),
            (768, 462),
            (690, 424),
            (626, 398),
            (590, 470),
            (560, 520),
            (530, 470),
        ]
    )
    canvas.shape(shifted(coat, 8, 10), (50, 34, 34), blur=16, alpha=0.45)
    canvas.shape(coat, [(400, (66, 68, 84)), (720, (32, 33, 44))])
    canvas.shape(
        ribbon([(356, 470), (312, 560), (286, 700)], (10, 34, 20)),
        (150, 132, 122),
        blur=14,
        alpha=0.6,
        within=coat,
    )
    canvas.shape(
        curve([(640, 460), (740, 470), (820, 600), (840, 740), (700, 740), (690, 600)]),
        (18, 18, 28),
        blur=24,
        alpha=0.65,
        within=coat,
    )
    for line in ([(400, 520), (412, 610), (392, 720)], [(716, 520), (712, 610), (736, 720)]):
        canvas.shape(ribbon(line, (2, 10, 3)), (16, 16, 26), blur=4, alpha=0.6)
    scarf = curve(
        [
            (486, 396),
            (520, 420),
            (560, 428),
            (604, 420),
            (634, 394),
            (650, 424),
            (628, 462),
            (560, 480),
            (492, 464),
            (470, 426),
        ]
    )
    canvas.shape(shifted(scarf, 2, 8), (20, 20, 30), blur=8, alpha=0.55, within=coat)
    canvas.shape(scarf, [(394, (238, 190, 104)), (480, (186, 118, 52))])
    for line in (
        [(484, 424), (540, 446), (632, 428)],
        [(490, 446), (560, 466), (622, 448)],
        [(500, 408), (560, 432), (618, 410)],
    ):
        canvas.shape(ribbon(line, (2, 6, 2)), (136, 78, 36), blur=2.5, alpha=0.6, within=scarf)
    for side, points in (
        (
            -1,
            [(476, 436), (430, 440), (414, 520), (462, 520), (452, 552), (548, 660), (540, 560), (510, 480)],
        ),
        (1, [(644, 436), (692, 440), (708, 520), (660, 520), (670, 552), (572, 660), (580, 560), (610, 480)]),
    ):
        lapel = np.array(points, float)
        canvas.shape(shifted(lapel, 3 * side, 6), (12, 12, 20), blur=6, alpha=0.6, within=coat)
        canvas.shape(lapel, [(436, (84, 86, 104)), (660, (50, 51, 66))])
        canvas.shape(
            np.array([*points[:2], (points[1][0] - side * 5, points[1][1] + 6), points[0]], float),
            (130, 128, 138),
            blur=1,
            alpha=0.7,
        )


def _eye(canvas: Canvas, x: float, y: float, side: int) -> None:
    white = curve(
        [
            (x - 17, y + 2),
            (x - 8, y - 6),
            (x + 3, y - 7.5),
            (x + 13, y - 3),
            (x + 17, y + 2),
            (x + 6, y + 7),
            (x - 7, y + 7),
        ]
    )
    canvas.shape(ellipse(x, y - 5, 22, 12), (190, 116, 92), blur=6, alpha=0.4)
    canvas.shape(white, (252, 246, 240))
    canvas.shape(ellipse(x + 5.5, y, 8.2, 8.8), [(y - 8, (66, 42, 28)), (y + 8, (142, 96, 56))], within=white)
    canvas.shape(ellipse(x + 5.5, y, 4, 4.4), (22, 14, 12), within=white)
    canvas.shape(ellipse(x + 2.5, y - 3.2, 2.1, 2.1), (255, 255, 255))
    canvas.shape(
        ribbon(
            [(x - 18, y + 3), (x - 8, y - 6.5), (x + 3, y - 8.5), (x + 14, y - 4), (x + 18, y + 2)],
            (1.5, 4, 4.6, 4, 1.5),
        ),
        (46, 26, 22),
    )
    canvas.shape(ribbon([(x + side * 15, y - 2), (x + side * 21, y - 6)], (2.6, 0.6)), (46, 26, 22))
    canvas.shape(
        ribbon([(x - 12, y + 7), (x, y + 9), (x + 12, y + 6)], (0.6, 1.4, 0.6)), (150, 92, 76), alpha=0.7
    )
    canvas.shape(
        ribbon([(x - 16, y - 10), (x, y - 15), (x + 16, y - 10)], (0.6, 1.5, 0.6)), (160, 98, 78), alpha=0.8
    )
    brow = [(x - side * 18, y - 24), (x, y - 30), (x + side * 22, y - 23)]
    canvas.shape(ribbon(brow, (4.5, 5.5, 1)), (88, 52, 36), blur=0.7, alpha=0.9)


def _face(canvas: Canvas, x: float, y: float) -> None:
    face = curve(
        [
            (x, y - 104),
            (x + 54, y - 86),
            (x + 76, y - 30),
            (x + 72, y + 26),
            (x + 50, y + 76),
            (x + 18, y + 104),
            (x, y + 108),
            (x - 18, y + 104),
            (x - 50, y + 76),
            (x - 72, y + 26),
            (x - 76, y - 30),
            (x - 54, y - 86),
        ]
    )
    canvas.shape(face, [(y - 100, (250, 216, 190)), (y + 110, (228, 180, 150))])
    canvas.shape(
        curve(
            [
                (x + 34, y - 100),
                (x + 90, y - 60),
                (x + 90, y + 60),
                (x + 20, y + 120),
                (x + 46, y + 50),
                (x + 56, y - 20),
            ]
        ),
        (196, 124, 98),
        blur=15,
        alpha=0.55,
        within=face,
    )
    canvas.shape(ellipse(x, y - 92, 80, 38), (150, 88, 66), blur=13, alpha=0.5, within=face)
    for side in (-1, 1):
        canvas.shape(ellipse(x + side * 42, y + 34, 22, 15), (232, 118, 98), blur=9, alpha=0.5, within=face)
        _eye(canvas, x + side * 33, y - 4, side)
    canvas.shape(
        ribbon([(x + 6, y - 10), (x + 9, y + 16), (x + 14, y + 31)], (1, 4, 7)),
        (206, 136, 110),
        blur=2.5,
        alpha=0.6,
    )
    canvas.shape(ribbon([(x - 1, y - 16), (x - 1, y + 24)], (4, 8)), (255, 236, 216), blur=3, alpha=0.7)
    canvas.shape(
        ribbon(
            [(x - 11, y + 35), (x - 5, y + 38), (x + 1, y + 40), (x + 7, y + 38), (x + 13, y + 35)],
            (1.5, 2.6, 2, 2.6, 1.5),
        ),
        (178, 102, 82),
        blur=0.6,
    )
    upper = curve(
        [
            (x - 24, y + 65),
            (x - 10, y + 58),
            (x, y + 61),
            (x + 10, y + 58),
            (x + 24, y + 65),
            (x + 8, y + 68),
            (x - 8, y + 68),
        ]
    )
    lower = curve([(x - 22, y + 66), (x, y + 68), (x + 22, y + 66), (x + 11, y + 77), (x - 11, y + 77)])
    canvas.shape(ellipse(x, y + 84, 16, 5), (190, 120, 98), blur=4, alpha=0.6)
    canvas.shape(lower, (212, 104, 98))
    canvas.shape(upper, (184, 78, 78))
    canvas.shape(ellipse(x - 4, y + 72, 8, 2), (250, 190, 180), blur=1.2, alpha=0.7)
    canvas.shape(ribbon([(x - 26, y + 64), (x, y + 67), (x + 27, y + 63)], (0.8, 1.8, 0.8)), (124, 50, 52))


def _hair_in_front(canvas: Canvas) -> None:
    left = curve(
        [
            (552, 128),
            (508, 138),
            (470, 176),
            (456, 250),
            (440, 330),
            (420, 396),
            (428, 446),
            (462, 482),
            (456, 446),
            (484, 400),
            (492, 340),
            (482, 268),
            (496, 206),
            (530, 168),
            (566, 146),
        ]
    )
    right = curve(
        [
            (548, 126),
            (606, 132),
            (650, 176),
            (664, 250),
            (678, 330),
            (702, 396),
            (694, 448),
            (656, 486),
            (664, 446),
            (634, 396),
            (628, 330),
            (638, 260),
            (624, 206),
            (590, 172),
            (556, 148),
        ]
    )
    crown = curve(
        [
            (550, 120),
            (606, 130),
            (640, 170),
            (636, 196),
            (594, 164),
            (556, 150),
            (520, 166),
            (486, 200),
            (470, 190),
            (496, 138),
        ]
    )
    for lock in (left, right, crown):
        canvas.shape(shifted(lock, 2, 6), (90, 44, 30), blur=7, alpha=0.45)
    for lock, shine in ((left, 0.5), (right, 0.2), (crown, 0.4)):
        canvas.shape(lock, [(120, mix(_HAIR, (196, 128, 76), shine)), (460, mix(_HAIR, (46, 26, 20), 0.35))])
    for index in range(24):
        t = index / 23
        for line, lock in (
            (
                [
                    (550 - 30 * t, 136 + 10 * t),
                    (486 - 22 * t, 200 + 20 * t),
                    (486 - 34 * t, 330),
                    (470 - 30 * t, 440),
                ],
                left,
            ),
            (
                [
                    (552 + 34 * t, 134 + 8 * t),
                    (630 + 22 * t, 200 + 24 * t),
                    (636 + 30 * t, 330),
                    (640 + 40 * t, 444),
                ],
                right,
            ),
        ):
            colour = mix(
                (56, 30, 22), (222, 150, 88), canvas.random.random() * (0.9 if lock is left else 0.6)
            )
            canvas.shape(ribbon(line, (0.6, 2.6, 2.4, 0.6)), colour, blur=0.5, alpha=0.65, within=lock)
    canvas.shape(
        ribbon([(486, 176), (530, 144), (592, 146)], (2, 15, 2)),
        (240, 176, 112),
        blur=7,
        alpha=0.5,
        within=crown,
    )


def _hands_and_cup(canvas: Canvas) -> None:
    x, y = 562.0, 478.0
    for side in (-1, 1):
        sleeve = ribbon([(x + side * 262, 820), (x + side * 208, 664), (x + side * 94, 562)], (170, 128, 82))
        canvas.shape(shifted(sleeve, 0, 9), (12, 12, 20), blur=10, alpha=0.6)
        canvas.shape(sleeve, [(520, (78, 80, 98)), (700, (36, 37, 50))])
        canvas.shape(
            ribbon([(x + side * 280, 760), (x + side * 216, 640), (x + side * 100, 536)], (6, 14, 6)),
            (136, 128, 130) if side < 0 else (92, 92, 108),
            blur=7,
            alpha=0.6,
            within=sleeve,
        )
        canvas.shape(
            ribbon([(x + side * 112, 612), (x + side * 84, 534)], (9, 9)),
            (28, 28, 40),
            blur=1.5,
            alpha=0.8,
            within=sleeve,
        )
        palm = curve(
            [
                (x + side * 96, 546),
                (x + side * 84, 520),
                (x + side * 58, 500),
                (x + side * 34, 516),
                (x + side * 34, 552),
                (x + side * 62, 586),
                (x + side * 88, 592),
                (x + side * 102, 574),
            ]
        )
        canvas.shape(palm, [(500, mix(_SKIN, (255, 230, 208), 0.3)), (590, mix(_SKIN, _BLUSH, 0.4))])
    bowl = curve(
        [
            (x - 62, y),
            (x - 58, y + 40),
            (x - 42, y + 76),
            (x - 20, y + 92),
            (x + 20, y + 92),
            (x + 42, y + 76),
            (x + 58, y + 40),
            (x + 62, y),
            (x, y + 4),
        ],
        steps=16,
    )
    canvas.shape(shifted(bowl, 3, 8), (30, 20, 26), blur=9, alpha=0.5)
    canvas.shape(bowl, [(y, (255, 254, 250)), (y + 92, (218, 208, 204))])
    canvas.shape(
        curve([(x + 16, y), (x + 66, y - 4), (x + 62, y + 60), (x + 20, y + 100), (x + 36, y + 50)]),
        (176, 160, 160),
        blur=10,
        alpha=0.7,
        within=bowl,
    )
    canvas.shape(ellipse(x - 34, y + 34, 8, 30, -8), (255, 255, 255), blur=4, alpha=0.9, within=bowl)
    canvas.shape(ellipse(x, y, 63, 14), (250, 248, 244))
    canvas.shape(ellipse(x, y + 1, 57, 11), (204, 194, 188))
    canvas.shape(ellipse(x, y + 3.5, 52, 8.5), [(y - 4, (150, 84, 38)), (y + 12, (202, 130, 62))])
    canvas.shape(ellipse(x - 16, y + 2, 17, 2.4), (246, 204, 140), blur=1.4, alpha=0.8)
    for side in (-1, 1):
        for finger in range(4):
            v = y + 34 + finger * 13.5
            reach = (16, 10, 13, 24)[finger] - finger * 0.5
            line = [
                (x + side * 80, v + 24 - finger * 3),
                (x + side * 58, v + 3),
                (x + side * reach, v + 4 + finger * 1.5),
            ]
            one = ribbon(line, (19, 16, 12.5))
            tip, knuckle = ellipse(*line[-1], 6.4, 6.2), ellipse(*line[0], 9.6, 9.4)
            canvas.shape(shifted(one, 1, 4), (150, 84, 66), blur=2.5, alpha=0.55)
            for part in (knuckle, one, tip):
                canvas.shape(part, [(v - 8, (250, 216, 190)), (v + 26, mix(_SKIN, _BLUSH, 0.3))])
            canvas.shape(
                ellipse(line[-1][0] + side * 1.5, line[-1][1] - 1, 4, 3.4), (206, 96, 92), alpha=0.85
            )
        thumb = ribbon(
            [(x + side * 84, y + 52), (x + side * 66, y + 24), (x + side * 56, y + 6)], (22, 18, 13)
        )
        canvas.shape(shifted(thumb, 1, 3), (150, 84, 66), blur=2.5, alpha=0.5)
        canvas.shape(thumb, [(y, (252, 220, 196)), (y + 56, mix(_SKIN, _BLUSH, 0.25))])
        canvas.shape(ellipse(x + side * 56, y + 7, 6.6, 6.4), (252, 220, 196))
        canvas.shape(ellipse(x + side * 84, y + 54, 11, 10.6), mix(_SKIN, _BLUSH, 0.22), blur=1)
    for offset, sway in ((-20, 14), (6, -16), (28, 12)):
        u = x + offset
        line = [(u, y - 6), (u + sway, y - 44), (u - sway * 0.6, y - 84), (u + sway, y - 132)]
        canvas.shape(ribbon(line, (3, 13, 11, 1)), (255, 250, 240), blur=6, alpha=0.38)
