"""The OpenAPI document: valid, and true of every answer to what schemathesis makes of it."""

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks

from tests.fuzz.budget import QUIET, SECONDS
from tests.fuzz.target import MIB, Target
from tests.fuzz.target import SECONDS as PATIENCE

TRUE_OF_ALL = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ADDRESSES = (
    "callbackUrl",
    "callback_url",
    "projectid",
    "inputImage",
    "inputImageUrl",
    "input_reference",
    "seconds",
)


@pytest.fixture(scope="module")
def document(target: Target) -> Any:
    return target.ask(b"GET", b"/openapi.json").json


@pytest.fixture
def schema(target: Target, document: Any) -> Any:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=target.server.url)
    schema.config.generation.update(with_security_parameters=False)

    @schema.auth(refresh_interval=None)
    class Signing:
        """Every request is signed anew; clients of the doors send the keys as a token."""

        def get(self, case: Any, context: Any) -> dict[str, str]:
            token = target.token.decode()
            return {**target.caller.headers(), "authorization": f"Bearer {token}", "x-goog-api-key": token}

        def set(self, case: Any, data: dict[str, str], context: Any) -> None:
            case.headers = {**(case.headers or {}), **data}

    @schema.hook
    def map_body(context: Any, body: Any) -> Any:
        """Addresses that anybody would make up lead nowhere; most runs are to be accepted."""
        if isinstance(body, dict) and "prompt" in body:
            return {name: value for name, value in body.items() if name not in ADDRESSES}
        return body

    return schema


def test_it_is_valid(document: Any) -> None:
    schemathesis.openapi.from_dict(document).validate()


@pytest.mark.parametrize(
    ("mode", "cases"), [(GenerationMode.POSITIVE, 3), (GenerationMode.NEGATIVE, 1)], ids=["right", "wrong"]
)
def test_every_operation(target: Target, schema: Any, mode: GenerationMode, cases: int) -> None:
    operations = [each.ok() for each in schema.get_all_operations()]

    def go(operation: Any, how: settings) -> None:
        @how
        @given(operation.as_strategy(mode))
        def call(case: Any) -> None:
            case.call_and_validate(checks=TRUE_OF_ALL, timeout=PATIENCE)

        try:
            call()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, "where anything may be sent, nothing is wrong"

    with target.watched(growth=64 * MIB, peak=128 * MIB):
        for operation in operations:
            go(operation, settings(QUIET, max_examples=cases, derandomize=True))
        until = time.monotonic() + SECONDS * 0.05
        while time.monotonic() < until:
            for operation in operations:
                go(operation, settings(QUIET, max_examples=30))


def test_what_one_answer_names_is_asked_for_next(target: Target, schema: Any) -> None:
    """Tasks and videos are made, looked at, stopped, deleted, in an order that nobody has thought of."""

    class Journey(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"timeout": PATIENCE}

        def validate_response(self, response: Any, case: Any, *args: Any, **more: Any) -> None:
            case.validate_response(response, checks=TRUE_OF_ALL)

    def go(how: settings) -> None:
        Journey.run(settings=how)

    with target.watched(growth=64 * MIB, peak=128 * MIB):
        go(settings(QUIET, max_examples=4, stateful_step_count=10, derandomize=True))
        until = time.monotonic() + SECONDS * 0.05
        while time.monotonic() < until:
            go(settings(QUIET, max_examples=30, stateful_step_count=30))
