"""The tools that look for models, and read about them."""

import asyncio
from typing import Annotated, Any

from pydantic import Field

from understudy.client import Model
from understudy.mcp import pages
from understudy.mcp.asking import Asked, ClientOf
from understudy.mcp.recommending import recommend
from understudy.mcp.records import (
    ModelGroup,
    ModelGroups,
    Models,
    ModelSchema,
    ModelSummary,
    Passage,
    Passages,
    PriceEstimate,
    Suggestion,
    Suggestions,
)
from understudy.mcp.schemas import input_schema

Address = Annotated[str, Field(description="The model's address, owner/slug.")]
Inputs = Annotated[dict[str, Any], Field(description="The model's inputs, as model_schema describes them.")]
Few = Annotated[int, Field(ge=1, le=20)]


class CatalogueTools:
    """What can be asked for."""

    def __init__(self, client_of: ClientOf) -> None:
        self._client_of = client_of

    async def search_models(
        self,
        context: Asked,
        query: Annotated[
            str, Field(description="Words; all of them must be found. Nothing: all models.")
        ] = "",
        limit: Annotated[int, Field(ge=1, le=100)] = 20,
    ) -> Models:
        """Find models that make video with sound, by words in their names, categories and descriptions."""
        found = await self._client_of(context).models(query, limit=limit)
        return Models(models=[ModelSummary.of(each) for each in found])

    async def model_schema(self, context: Asked, model: Address) -> ModelSchema:
        """What a model takes: its inputs as JSON Schema, its file inputs, and an example."""
        found = await self._client_of(context).model(model)
        return ModelSchema(
            model=found.address,
            title=found.title,
            description=found.description,
            input_schema=input_schema(found),
            file_inputs={each.id: each.help or each.label for each in found.inputs if each.is_file},
            example=found.defaults,
        )

    async def recommend(
        self,
        context: Asked,
        description: Annotated[
            str,
            Field(
                description="What the clip should be, with length, orientation, resolution if they matter."
            ),
        ],
        limit: Few = 3,
    ) -> Suggestions:
        """Which models suit a description, and which of their inputs follow from it.

        Decided by the words of the catalogue alone: it says what fits on paper, not which clip will be better.
        """
        models = await self._client_of(context).models()
        return Suggestions(
            suggestions=[
                Suggestion(
                    model=each.model.address,
                    title=each.model.title,
                    score=each.score,
                    inputs=each.inputs,
                    file_inputs=each.files,
                    reasons=each.reasons,
                    losses=each.losses,
                )
                for each in recommend(description, models, limit)
            ],
            note="Compared by the words of the catalogue only; nobody has compared the models' clips.",
        )

    async def explore(self, context: Asked) -> ModelGroups:
        """The models in groups, to look around."""
        groups = await self._client_of(context).explore()
        return ModelGroups(
            groups=[
                ModelGroup(title=group.title, models=[ModelSummary.of(each) for each in group.models])
                for group in groups
            ]
        )

    async def price(self, context: Asked, model: Address, inputs: Inputs) -> PriceEstimate:
        """What a run with these inputs will cost, before it is asked for. Nothing is run."""
        return PriceEstimate.of(model, await self._client_of(context).price(model, inputs))

    async def search_docs(
        self,
        context: Asked,
        query: Annotated[str, Field(description="Words of the question.")],
        limit: Few = 5,
    ) -> Passages:
        """Search the server's documentation and the models' own pages."""
        client = self._client_of(context)
        models: tuple[Model, ...] = await client.models()
        texts = await asyncio.gather(*(client.page(each.address) for each in models))
        known = await asyncio.to_thread(pages.docs)
        known |= {each.address: text for each, text in zip(models, texts, strict=True)}
        return Passages(
            passages=[
                Passage(page=each.page, section=each.headline, text=pages.excerpt(query, each.text))
                for each in pages.search(query, pages.sections(known), limit)
            ]
        )
