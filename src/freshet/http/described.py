"""Bodies that are decoded by hand, described in the OpenAPI document by their structs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody, Schema

from freshet.catalogue.store.shelf import SAVED_MOST


def batch_of(kind: type[msgspec.Struct], plural: str, example: Mapping[str, Any]) -> Any:
    """An operation whose body is one record, an array of them, or `{plural: [...]}`."""
    record = schema_of(kind)
    records = Schema(type="array", items=record, max_items=SAVED_MOST)  # type: ignore[arg-type]
    named = Schema(type="object", properties={plural: records}, required=[plural])  # type: ignore[arg-type]
    examples = {"one": Example(value=example), "many": Example(value={plural: [example]})}
    return _operation(Schema(one_of=[record, records, named]), examples)


def change_of(kind: type[msgspec.Struct], example: Mapping[str, Any]) -> Any:
    """An operation whose body is some of a record's fields."""
    schema = schema_of(kind)
    schema.required = None
    return _operation(schema, {"one": Example(value=example)})


def body_of(kind: type[msgspec.Struct], example: Mapping[str, Any]) -> Any:
    """An operation whose body is one struct."""
    return _operation(schema_of(kind), {"one": Example(value=example)})


def schema_of(kind: type[msgspec.Struct]) -> Schema:
    """JSON Schema of a struct without structs in it, as msgspec decodes it."""
    name = kind.__name__
    _, components = msgspec.json.schema_components([kind], ref_template="{name}")
    return _schema(components[name])


def _operation(schema: Schema, examples: Mapping[str, Example]) -> type[Operation]:
    media = OpenAPIMediaType(schema=schema, examples=cast(Any, dict(examples)))

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody(content={"application/json": media}, required=True)

    return Described


def _schema(plain: Mapping[str, Any]) -> Schema:
    """Litestar's spelling of a JSON Schema."""
    fields: dict[str, Any] = {}
    for name, value in plain.items():
        if name == "properties":
            value = {field: _schema(inner) for field, inner in value.items()}
        elif name in ("anyOf", "oneOf", "allOf"):
            value = [_schema(inner) for inner in value]
        elif isinstance(value, Mapping) and name in ("items", "additionalProperties"):
            value = _schema(value)
        fields[re.sub("([A-Z])", lambda found: "_" + found[1].lower(), name)] = value
    return Schema(**fields)
