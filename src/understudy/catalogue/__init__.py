"""What can be asked for: models, their inputs, prices and pages.

A **model** is a contract, written as one manifest, `models/<owner>/<slug>.toml` (`manifest` says what may be in it).
To add one, write that file into a folder of your own and name the folder in the setting `manifests`; pictures that its
defaults and inspires name go into `samples/` beside the owners' folders.

    catalogue = load_catalogue([Path("my-models")])
    model = catalogue.find("openai", "sora-2-pro")
    checked = check(model, {"prompt": "A road."}, {}, catalogue.has_sample)
    checked.values["seconds"]                       # "4": defaults are filled in
    page(model, api="https://clips.example", files="https://clips.example")

| question | file |
| --- | --- |
| what may a manifest say | `manifest`, `consistency` |
| how are manifests read | `loader` |
| which models are there | `catalogue`, `search`, `explore` |
| is this request right | `inputs`, with `texts`, `numeric`, `sources`; the result is in `checked` |
| what does a run cost | `prices` |
| how is a model shown | `page`, `page_examples`, `detail` |

Nothing here does I/O but the loader, and nothing knows of tasks, engines or HTTP.
"""

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.checked import Checked, Sample, Source, Stored, Upload, Url, Value
from understudy.catalogue.detail import explore_objects, model_number, tool_object
from understudy.catalogue.explore import Group
from understudy.catalogue.inputs import COMMON_FIELDS, check
from understudy.catalogue.loader import load_catalogue
from understudy.catalogue.manifest import Input, Model, Option, Price
from understudy.catalogue.page import CALLBACK_PLACEHOLDER, page
from understudy.catalogue.prices import (
    Usage,
    approximate_cost,
    cost,
    dynamic_price_json,
    estimate,
    exact_seconds,
    format_cost,
)
from understudy.catalogue.search import SORTS, Statistics

__all__ = [
    "CALLBACK_PLACEHOLDER",
    "COMMON_FIELDS",
    "SORTS",
    "Catalogue",
    "Checked",
    "Group",
    "Input",
    "Model",
    "Option",
    "Price",
    "Sample",
    "Source",
    "Statistics",
    "Stored",
    "Upload",
    "Url",
    "Usage",
    "Value",
    "approximate_cost",
    "check",
    "cost",
    "dynamic_price_json",
    "estimate",
    "exact_seconds",
    "explore_objects",
    "format_cost",
    "load_catalogue",
    "model_number",
    "page",
    "tool_object",
]
