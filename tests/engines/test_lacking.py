from understudy.engines.cards import has_card
from understudy.engines.lacking import card, packages


def test_packages_that_are_not_installed() -> None:
    assert packages(("json", "msgspec"), "mine") is None
    lacking = packages(("msgspec", "nobody_has_this", "nor_this"), "mine")
    assert lacking is not None
    assert not lacking.ok
    assert lacking.reason == "The packages it needs are not installed: nobody_has_this, nor_this."
    assert lacking.remedy == 'Run: pip install "understudy[mine]"'


def test_a_card_is_needed_unless_the_processor_is_to_compute() -> None:
    assert card("cpu", "mine") is None
    lacking = card("auto", "mine")
    assert (lacking is None) == has_card()
    assert lacking is None or "[engine.mine]" in lacking.remedy
