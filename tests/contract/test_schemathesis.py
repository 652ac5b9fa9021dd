"""The served OpenAPI document against the served API: calls made from its schemas, good ones and bad ones, are answered as it says."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from reskontro.rooms import all_operations
from reskontro.web.operations import Operation
from tests.house import House

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = int(os.environ.get("RESKONTRO_TEST_EXAMPLES", "5"))
"""Calls per operation and mode; more of them for a thorough look."""

_bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def document(module_house: House) -> Any:
    """The document as it is served."""
    module_house.customer("100001")
    return schemathesis.openapi.from_url(f"{module_house.base_url}/openapi.json")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as declared", "otherwise"])
@pytest.mark.parametrize("operation", all_operations(), ids=lambda operation: operation.id)
def test_calls_made_from_the_document(module_house: House, document: Any, operation: Operation, mode: GenerationMode) -> None:
    """No 5xx, only statuses and media types that are documented, bodies as their schemas say."""
    if mode is GenerationMode.NEGATIVE and not (operation.parameters or operation.body or "{" in operation.path):
        pytest.skip("there is nothing to get wrong")
    declared = document[operation.path][operation.method]
    headers = {"Authorization": f"Bearer {module_house.token()}"} if operation.scope is not None else {}

    @_bounded
    @given(case=declared.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        if "clientno" in case.path_parameters:
            case.path_parameters["clientno"] = module_house.client_no
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=30)

    run()
