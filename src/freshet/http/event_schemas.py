"""The events that can be sent in, as JSON Schema: derived from `domain/events.py` and the
edge's own limits, so that a client made from it fits both.

One schema per event, named `LikeEvent`, and `EventIn`, their union told apart by `type`.
"""

from __future__ import annotations

from typing import Any, Union

import msgspec

from freshet.domain.events import EVENTS, ViewerEvent
from freshet.http.checks import LIST_MAX, NUMBER_MAX, REQUIRED, TEXT_MAX, VECTOR_BYTES
from freshet.http.edge import OURS

REF = "#/components/schemas/{name}"
UNION = "EventIn"
SERVERS = ("received", "clock", "parked")  # fields that the server alone sets

UUID7 = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Schema = dict[str, Any]


def event_schemas() -> dict[str, Schema]:
    """Components by name."""
    kinds = [kind for name, kind in EVENTS.items() if name not in OURS]
    _, found = msgspec.json.schema_components([Union[tuple(kinds)]], ref_template=REF)  # noqa: UP007
    schemas = {_name(kind): _incoming(kind, found[kind.__name__]) for kind in kinds}
    refs = {str(kind.__struct_config__.tag): REF.format(name=_name(kind)) for kind in kinds}
    schemas[UNION] = {
        "description": "One event; its `type` says which.",
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "type", "mapping": refs},
    }
    return schemas


def _name(kind: type) -> str:
    return f"{kind.__name__}Event"


def _incoming(kind: type, schema: Schema) -> Schema:
    """As it may be sent: with the edge's limits, without what the server sets."""
    properties = {
        name: _limited(name, each, name in REQUIRED[kind])
        for name, each in schema["properties"].items()
        if name not in SERVERS
    }
    made = schema | {"title": _name(kind), "properties": properties}
    if issubclass(kind, ViewerEvent):
        # Unknown fields are dropped and counted, so they are no fault of form.
        del made["additionalProperties"]
    return made


def _limited(name: str, schema: Schema, required: bool) -> Schema:
    if name == "type":
        return {"type": "string", "const": schema["enum"][0]}
    if name == "event_id":
        return {"type": "string", "format": "uuid", "pattern": UUID7}
    if name == "vector":
        length = 4 * -(-VECTOR_BYTES // 3)
        return schema | {"pattern": f"^([A-Za-z0-9+/=]{{{length}}})?$"}
    kind = schema.get("type")
    if kind == "string":
        return schema | {"maxLength": TEXT_MAX} | ({"minLength": 1} if required else {})
    if kind == "integer":
        return schema | {"minimum": 0, "maximum": NUMBER_MAX}
    if kind == "array":
        items = _limited("", schema["items"], False)
        return schema | {"items": items, "maxItems": LIST_MAX}
    return schema
