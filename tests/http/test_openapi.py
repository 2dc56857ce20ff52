"""The description says what is there, and whatever it allows is answered as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from litestar.testing import TestClient
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from freshet.config import Http
from freshet.domain.events import EVENTS
from freshet.http.app import create_app
from freshet.http.edge import OURS
from freshet.http.openapi import description
from freshet.http.settings import Limits
from tests.feed.making import engine_of
from tests.http.calling import ADMIN, APP, catalogue

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    engine: Any = engine_of(tmp_path_factory.mktemp("described"))
    http = Http(
        api_key=APP["Authorization"][7:], admin_key=ADMIN["Authorization"][7:],
        limits=Limits(key_per_s=0), access_log=False,
    )  # fmt: skip
    engine.settings = msgspec.structs.replace(engine.settings, http=http)
    with TestClient(create_app(engine), raise_server_exceptions=False) as opened:
        catalogue(opened)
        yield opened


@pytest.fixture(scope="module")
def document(client: Any) -> dict[str, Any]:
    return description(client.app)


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


# --- what it says -----------------------------------------------------------------------------


def test_it_is_served_as_it_is_and_for_people(client: Any, document: dict[str, Any]) -> None:
    assert client.get("/schema/openapi.json").json() == document
    assert "redoc" in client.get("/schema").text


def test_every_operation_has_words_and_a_name_of_its_own(document: dict[str, Any]) -> None:
    found = operations(document)
    assert [name for name, each in found.items() if not each.get("summary")] == []
    assert [name for name, each in found.items() if not each.get("description")] == []
    names = [each["operationId"] for each in found.values()]
    assert len(set(names)) == len(names)
    assert {"postEvents", "getFeed", "getWhy", "postViewerToken", "getAlerts"} <= set(names)


def test_every_operation_names_its_errors_and_the_id_header(document: dict[str, Any]) -> None:
    for name, each in operations(document).items():
        wanted = {"400", "500"} if not each["security"] else {"400", "401", "403", "429", "503"}
        assert wanted <= set(each["responses"]), name
        assert {"$ref": "#/components/parameters/RequestId"} in each["parameters"], name


def test_every_operation_says_which_keys_open_it(document: dict[str, Any]) -> None:
    found = {name: each["security"] for name, each in operations(document).items()}
    assert found["GET /health/live"] == []
    assert found["POST /v1/events"] == [{"key": ["ingest"]}, {"viewer_token": ["ingest"]}]
    assert found["POST /v1/viewer_tokens"] == [{"key": ["feed", "ingest"]}]
    assert found["GET /v1/admin/alerts"] == [{"key": ["admin"]}]
    schemes = document["components"]["securitySchemes"]
    assert set(schemes) == {"key", "viewer_token"}


def test_events_are_a_union_told_apart_by_their_type(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    union = schemas["EventIn"]
    kinds = union["discriminator"]["mapping"]
    assert set(kinds) == set(EVENTS) - OURS
    for kind, ref in kinds.items():
        schema = schemas[ref.rpartition("/")[2]]
        assert schema["properties"]["type"] == {"type": "string", "const": kind}
        assert not {"received", "clock", "parked"} & schema["properties"].keys()
        assert {"type", "event_id", "time"} <= set(schema["required"])
    assert schemas["VideoPublishedEvent"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["LikeEvent"]


def test_examples_are_what_the_schemas_say(document: dict[str, Any]) -> None:
    checked = 0
    for name, each in operations(document).items():
        media = [
            one
            for response in each["responses"].values()
            for one in response.get("content", {}).values()
        ]
        media += each.get("requestBody", {}).get("content", {}).values()
        for one in media:
            if "example" in one:
                whole = {**one["schema"], "components": document["components"]}
                problems = [e.message for e in jsonschema_rs.iter_errors(whole, one["example"])]
                assert problems == [], (name, problems)
                checked += 1
    assert checked >= 8


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def refs(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "$ref" and isinstance(inner, str):
                    yield inner
                else:
                    yield from refs(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from refs(inner)

    for ref in refs(document):
        at: Any = document
        for part in ref.removeprefix("#/").split("/"):
            assert part in at, ref
            at = at[part]


# --- what is answered -------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_whatever_is_asked_is_answered_as_described(
    client: Any, document: dict[str, Any], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    for found in schema.get_all_operations():
        operation = found.ok()
        # Nothing that can be asked of these is against their description.
        always_right = operation.path.startswith(("/health", "/metrics"))
        if mode is GenerationMode.POSITIVE or not always_right:
            ask(client, operation.as_strategy(generation_mode=mode))
    assert client.get("/health/ready").json() == {"ok": True, "problems": []}


def ask(client: Any, strategy: Any) -> None:
    @FEW
    @given(case=strategy)
    def answered(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver.local")
        sent["headers"] = {
            name: str(value).encode("utf-8", "replace")
            for name, value in {**dict(sent.get("headers") or {}), **ADMIN}.items()
        }
        if "data" in sent:
            sent["content"] = sent.pop("data")
        sent.pop("cookies", None)
        answer = client.request(**sent)
        case.validate_response(answer, checks=CHECKS)

    answered()
