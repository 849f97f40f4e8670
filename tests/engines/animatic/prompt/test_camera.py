import pytest

from tests.engines.animatic import prompts
from understudy.engines.animatic.notes import move_note
from understudy.engines.animatic.prompt.camera import camera_moves
from understudy.engines.animatic.prompt.reading import read


@pytest.mark.parametrize(
    ("prompt", "moves", "size", "angle"),
    [
        (prompts.BICYCLE, [], "", ""),
        (prompts.KOALA, ["slow dolly in"], "CU", ""),
        (prompts.DETECTIVE, ["slow zoom in"], "CU", ""),
        (prompts.CAFE, ["static"], "", "eye level"),
        (prompts.HOODIE, ["slow dolly in"], "", ""),
        (prompts.CLIFF, ["slow zoom out", "slow rise"], "EWS", "high angle"),
        (prompts.PATIO, ["static"], "CU", ""),
        (prompts.AWNING, ["slow dolly in"], "", ""),
    ],
)
def test_the_reference_prompts_move_the_camera_so(
    prompt: str, moves: list[str], size: str, angle: str
) -> None:
    (shot,) = read(prompt).shots
    assert [move_note(move) for move in shot.moves] == moves
    assert (shot.framing.size, shot.framing.angle) == (size, angle)


@pytest.mark.parametrize(
    ("prompt", "moves"),
    [
        ("Zoom out quickly", [("zoom out", "fast", 0)]),
        ("The camera pans left, then tilts up", [("pan left", "normal", 0), ("tilt up", "normal", 1)]),
        ("a pan on the stove is left alone", []),
        ("Pull back slowly", [("dolly out", "slow", 0)]),
        ("the camera pushes in", [("dolly in", "normal", 0)]),
        ("The camera gently pans to the right.", [("pan right", "slow", 0)]),
        ("A tracking shot of a runner", [("track", "normal", 0)]),
        ("the camera rises over the roofs", [("rise", "normal", 0)]),
        ("the sun rises", []),
        ("Handheld shot", [("handheld", "normal", 0)]),
        ("Tilting down to her shoes", [("tilt down", "normal", 0)]),
        ("no zoom in here", []),
        ("locked-off tripod", [("static", "normal", 0)]),
        ("static electricity on a jumper", []),
    ],
)
def test_moves(prompt: str, moves: list[tuple[str, str, int]]) -> None:
    assert [(move.kind, move.speed, move.phase) for move in camera_moves(prompt)] == moves
