"""Which categories people are shown."""

from understudy.catalogue.loader import load_catalogue
from understudy.web.shown.categories import categories_of


def test_what_models_do_and_no_marks() -> None:
    models = load_catalogue().models
    assert categories_of(models) == [("image-to-video", "Image to video"), ("text-to-video", "Text to video")]
    assert categories_of([model for model in models if model.owner == "google"]) == [
        ("text-to-video", "Text to video")
    ]
    assert categories_of([]) == []
