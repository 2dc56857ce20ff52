"""The description of the API: what the framework derives, completed with what it cannot know.

    every operation   its errors, the scopes that open it, its id header, its examples
    events            the union of `event_schemas`

A route brings its examples along: `opt={"example": …, "example_body": …}`; with `"partial"`
it keeps the good records of a bad batch, and answers 400 in its own shape if none was. Operation
ids are the handlers' names, so that a typed client keeps its names when paths move.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, RedocRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag

from freshet import __version__
from freshet.http import examples
from freshet.http.batches import Batch
from freshet.http.event_schemas import REF, UNION, event_schemas
from freshet.http.events import EventsTaken
from freshet.http.guard import needs
from freshet.http.problems import Problems

Document = dict[str, Any]

TITLE = "Freshet"
INTRODUCTION = """\
A For You feed that learns from every view: tell it what your videos are and what viewers do,
and ask it what to show next. Times are ms since 1970 (UTC), ids are your own."""
TAGS = {
    "feeds": "What to show next, and why.",
    "events": "What viewers did.",
    "people": "Who watches and who makes videos.",
    "videos": "What can be watched.",
    "sounds": "What videos are set to.",
    "hashtags": "What you have to say of hashtags.",
    "moderation": "What may not be recommended: who decided that, why, and how it is undone.",
    "access": "Tokens for viewers' own apps and browsers.",
    "health": "For balancers and monitoring.",
    "admin": "For those who run it.",
}

# What can go wrong on a route with a guard, beside what is wrong with the request itself.
ERRORS = {
    "400": "Something about the request is wrong; `field` and `right` say what.",
    "401": "No key or token, or none that is good.",
    "403": "The key or token does not open this; `right` says which would.",
    "404": "What was named does not exist.",
    "405": "The path exists, the method does not.",
    "409": "It comes too late.",
    "413": "The body is too large.",
    "429": "This caller asks too much of late; `Retry-After` says when to go on.",
    "431": "The head of the request is too long.",
    "500": "An error on our side.",
    "503": "Too busy, or not ready; `Retry-After` says when to ask again.",
}
OPEN_ERRORS = ("400", "405", "500")


def config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title=TITLE,
        version=__version__,
        description=INTRODUCTION,
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, *_: _camel(handler.handler_name),
        tags=[Tag(name=name, description=words) for name, words in TAGS.items()],
        components=Components(
            security_schemes={
                "key": SecurityScheme(
                    type="http", scheme="bearer",
                    description="An API key, `fk_…`, for the app's backend alone.",
                ),
                "viewer_token": SecurityScheme(
                    type="http", scheme="bearer", bearer_format="JWT",
                    description="A viewer token, for one viewer's app or browser.",
                ),
            }
        ),
        render_plugins=[_Redoc(path="/"), _Json(path="/openapi.json")],
    )  # fmt: skip


def description(app: Litestar) -> Document:
    """The whole document; worked out once."""
    state = app.state
    if "description" not in state:
        # Through JSON and back: the framework's own copy stays as it is, and ours is plain.
        framework = _tuples(_plain(app.openapi_schema.to_schema()))
        completed = _completed(app, framework)
        state.description = _plain(completed)
    found: Document = state.description
    return found


class _Json(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:
        return super().render(request, description(request.app))


class _Redoc(RedocRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:
        return super().render(request, description(request.app))


# --- completing -------------------------------------------------------------------------------


def _completed(app: Litestar, document: Document) -> Document:
    components = document["components"]
    schemas = components.setdefault("schemas", {})
    schemas |= event_schemas() | _schemas_of(Problems, EventsTaken, Batch)
    schemas["Batch"]["properties"]["events"]["items"] = _ref(UNION)
    components["responses"] = {f"Error{status}": _error(ERRORS[status]) for status in ERRORS}
    components["parameters"] = {"RequestId": _REQUEST_ID}
    components["headers"] = {"RequestId": _REQUEST_ID_ANSWERED}
    handlers = dict(_handlers(app))
    for operation in _operations(document):
        _complete(operation, handlers[operation["operationId"]])
    _events(document)
    return document


def _complete(operation: Document, handler: Any) -> None:
    guards = [guard for guard in handler.resolve_guards() if isinstance(guard, needs)]
    operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/RequestId"})
    operation["security"] = _security(guards)
    responses = operation["responses"]
    for status in ERRORS if guards else OPEN_ERRORS:
        if status == "400" or status not in responses:
            responses[status] = {"$ref": f"#/components/responses/Error{status}"}
    for response in responses.values():
        if "$ref" not in response:
            response["headers"] = (response.get("headers") or {}) | {
                "X-Request-Id": {"$ref": "#/components/headers/RequestId"}
            }
    if handler.opt.get("partial"):
        taken = responses["200"]["content"]["application/json"]["schema"]
        responses["400"] = _error("No record was good, or the body holds none.", taken)
    if "example" in handler.opt:
        for status, response in responses.items():
            if status.startswith("2"):
                for media in response.get("content", {}).values():
                    media["example"] = handler.opt["example"]
    if "example_body" in handler.opt and "requestBody" in operation:
        for media in operation["requestBody"]["content"].values():
            media["example"] = handler.opt["example_body"]


def _security(guards: list[needs]) -> list[Document]:
    """Either a key with all the scopes, or, where they may call, a viewer token."""
    if not guards:
        return []
    scopes = [guard.scope for guard in guards]
    tokens = all(guard.viewer_tokens for guard in guards)
    return [{"key": scopes}, *([{"viewer_token": scopes}] if tokens else [])]


def _events(document: Document) -> None:
    """`POST /v1/events` decodes its body by hand, so that good records are kept."""
    operation = document["paths"]["/v1/events"]["post"]
    operation["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_ref("Batch"), {"type": "array", "items": _ref(UNION)}]},
                "example": examples.BATCH,
            }
        },
    }
    operation["parameters"].append(
        {
            "name": "viewer_token", "in": "query", "required": False,
            "schema": {"type": "string"},
            "description": "A viewer token where no header can be sent, as with `sendBeacon`.",
        }
    )  # fmt: skip


def _operations(document: Document) -> Iterator[Document]:
    for path in document["paths"].values():
        yield from (each for each in path.values() if isinstance(each, dict))


def _handlers(app: Litestar) -> Iterator[tuple[str, Any]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            yield _camel(handler.handler_name), handler


def _schemas_of(*kinds: type) -> dict[str, Any]:
    _, found = msgspec.json.schema_components(list(kinds), ref_template=REF)
    return found


def _tuples(schema: Any) -> Any:
    """With tuples of any length as arrays of what is in them: the framework takes the dots of
    `tuple[str, ...]` for a second type, which is anything."""
    if isinstance(schema, list):
        return [_tuples(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kinds = [each for each in schema.get("oneOf", ()) if each]
    if len(kinds) == 1 and schema.get("oneOf") != kinds:
        rest = {name: each for name, each in schema.items() if name != "oneOf"}
        return _tuples(rest | kinds[0])
    return {name: _tuples(each) for name, each in schema.items()}


def _plain(document: Any) -> Document:
    plain: Document = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def _ref(name: str) -> Document:
    return {"$ref": REF.format(name=name)}


def _error(words: str, or_else: Document | None = None) -> Document:
    schema = {"anyOf": [or_else, _ref("Problems")]} if or_else else _ref("Problems")
    return {
        "description": words,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
        "content": {"application/json": {"schema": schema}},
    }


def _camel(name: str) -> str:
    """
    >>> _camel("get_for_you")
    'getForYou'
    """
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


_REQUEST_ID: Document = {
    "name": "X-Request-Id", "in": "header", "required": False,
    "schema": {"type": "string"},
    "description": "Yours, to find this request in the server's log: 1 to 100 letters, digits "
    "or `._:-`; anything else is replaced by one of ours.",
}  # fmt: skip
_REQUEST_ID_ANSWERED: Document = {
    "description": "The request's id, as it stands in the server's log.",
    "schema": {"type": "string"},
}
