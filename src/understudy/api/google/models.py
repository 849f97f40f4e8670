"""The models that can be asked for, as the Developer API lists them. Pure."""

from typing import Any

from understudy.catalogue.manifest import Model


def model_object(model: Model) -> dict[str, Any]:
    """One model."""
    return {
        "name": f"models/{model.address}",
        "version": "1",
        "displayName": model.title or model.printed_name,
        "description": model.description,
        "supportedGenerationMethods": ["predictLongRunning"],
    }
