"""The OpenAPI 3.1 document, built from the declared operations; nothing is started for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reskontro.kit.fields import Field, Schema
from reskontro.web.operations import FORM, JSON, NDJSON, PROBLEM, Answer, Body, Operation, Parameter

_KIND_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "texts": {"type": "string"},
    "integer": {"type": "integer"},
    "integers": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string"},
    "boolean": {"type": "boolean"},
    "id": {"type": "string", "minLength": 22, "maxLength": 22, "pattern": "^[A-Za-z0-9_-]{22}$"},
    "ids": {"type": "string"},
    "choice": {"type": "string"},
    "choices": {"type": "string"},
}

_PROBLEM_TEXTS = {
    400: "Unreadable: syntax, outer shape, parameter or header",
    401: "No, invalid or expired token",
    403: "The token does not cover this client or this call",
    404: "There is no such object",
    405: "The address does not have this method",
    406: "No acceptable form of answer",
    409: "Conflict with stored state",
    413: "The body, or an item of it, is too large",
    415: "The form of the body is not supported",
    422: "Readable, but a rule forbids it; all field errors are listed",
    429: "Too many requests; see Retry-After",
    500: "Unexpected error; nothing was done",
    503: "Not available now; see Retry-After",
}
_ARRAY_NOTE = "; several values separated by commas"


def _differs(schema: Schema) -> bool:
    """Whether an object is described differently in answers: by other keys, or because a key that is always there may be null in them."""
    return any(field.use != "in-out" or not field.always or (field.inner is not None and _differs(field.inner)) for field in schema.fields)


class _Components:
    """Schemas under components, each once for input and once for output where they differ."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}

    def reference(self, schema: Schema, *, output: bool) -> dict[str, Any]:
        unwanted = "in" if output else "out"
        differs = _differs(schema)
        name = schema.name if output or not differs else f"{schema.name}Write"
        if name not in self.schemas:
            self.schemas[name] = {}
            properties = {f.name: self._property(f, output) for f in schema.fields if f.use != unwanted}
            required = [f.name for f in schema.fields if f.use != unwanted and (f.always if output else f.required and not f.conditional)]
            entry: dict[str, Any] = {"type": "object", "properties": properties}
            if schema.description:
                entry["description"] = schema.description
            if required:
                entry["required"] = required
            self.schemas[name] = entry
        return {"$ref": f"#/components/schemas/{name}"}

    def _property(self, field: Field, output: bool) -> dict[str, Any]:
        if field.inner is None:
            entry = dict(field.schema)
            if output and "type" in entry and not field.always:
                entry["type"] = [entry["type"], "null"]
                if "enum" in entry:
                    entry["enum"] = [*entry["enum"], None]
        else:
            inner = self.reference(field.inner, output=output)
            entry = {"type": "array", "items": inner} if field.array else {"allOf": [inner]}
            if output and not field.always and not field.array:
                entry = {"anyOf": [inner, {"type": "null"}]}
        if field.description:
            entry["description"] = field.description
        return entry


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = dict(_KIND_SCHEMAS[parameter.kind])
    description = parameter.description
    if parameter.kind == "choice":
        schema["enum"] = list(parameter.values)
    elif parameter.kind in ("choices", "texts", "integers", "ids"):
        description += _ARRAY_NOTE
        if parameter.values:
            description += ": " + ", ".join(parameter.values)
    if parameter.kind == "text":
        schema["maxLength"] = parameter.length_max
    if parameter.minimum is not None:
        schema["minimum"] = parameter.minimum
    return {"name": parameter.name, "in": "query", "required": False, "description": description, "schema": schema}


def _path_parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name == "clientno":
        schema = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
    elif name.endswith(("uuid", "id")):
        schema = _KIND_SCHEMAS["id"]
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _request(body: Body, components: _Components, metadata: dict[str, Any]) -> dict[str, Any]:
    if FORM in body.media:
        assert body.schema is not None
        return {"required": body.required, "content": {FORM: {"schema": components.reference(body.schema, output=False)}}}
    properties: dict[str, Any] = {"metadata": metadata}
    required: list[str] = []
    item: dict[str, Any] = {"type": "object"}
    if body.entity is not None and body.schema is not None:
        item = components.reference(body.schema, output=False)
        properties[body.entity] = {"type": "array", "items": item, "minItems": 1} if body.many else item
        required.append(body.entity)
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    content: dict[str, Any] = {JSON: {"schema": schema}}
    if NDJSON in body.media:
        content[NDJSON] = {"schema": item}
    return {"required": body.required, "content": content}


def _answer(answer: Answer, components: _Components, summary: Schema) -> dict[str, Any]:
    entry: dict[str, Any] = {"description": answer.when}
    schema: dict[str, Any] = {}
    if answer.schema is not None:
        schema = components.reference(answer.schema, output=True)
        if answer.list_key is not None:
            schema = {
                "type": "object",
                "properties": {
                    "summary": components.reference(summary, output=True),
                    answer.list_key: {"type": "array", "items": schema},
                },
                "required": ["summary", answer.list_key],
            }
    entry["content"] = {media: ({"schema": schema} if "json" in media else {"schema": {"type": "string"}}) for media in answer.media}
    if answer.headers:
        entry["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    return entry


def _problem_statuses(operation: Operation) -> list[int]:
    statuses = {400, 429, 500, 503, *operation.problems}
    if operation.scope is None:
        return sorted(set(operation.problems) | ({429} if operation.method == "POST" else set()))
    statuses |= {401, 403, 406}
    if operation.body is not None:
        statuses |= {413, 415}
    if operation.is_write:
        statuses |= {409}
    return sorted(statuses)


def openapi_document(
    operations: Sequence[Operation], *, problem: Schema, summary: Schema, oauth_error: Schema, version: str, server: str = "/"
) -> dict[str, Any]:
    """The whole document as a JSON-ready object."""
    components = _Components()
    metadata = {
        "type": "object",
        "properties": {"userId": {"type": ["string", "null"], "maxLength": 64, "description": "Person on whose behalf the call is made"}},
    }
    paths: dict[str, Any] = {}
    for operation in operations:
        responses: dict[str, Any] = {str(status): _answer(answer, components, summary) for status, answer in operation.answers.items()}
        for status in _problem_statuses(operation):
            schema, media = problem, PROBLEM
            if operation.body is not None and FORM in operation.body.media and status in (400, 401):
                schema, media = oauth_error, JSON
            described = components.reference(schema, output=True)
            if status in operation.refusals:
                described = {"anyOf": [described, components.reference(operation.refusals[status], output=True)]}
            responses[str(status)] = {"description": _PROBLEM_TEXTS[status], "content": {media: {"schema": described}}}
        names = [segment[1:-1] for segment in operation.path.split("/") if segment.startswith("{")]
        parameters = [_path_parameter(name) for name in names] + [_parameter(parameter) for parameter in operation.parameters]
        if operation.idempotent:
            parameters.append(
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": False,
                    "description": "Repeating the call with the same key and body gives the first answer again",
                    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
                }
            )
        entry: dict[str, Any] = {
            "operationId": operation.id,
            "tags": [operation.tag],
            "summary": operation.summary,
            "parameters": parameters,
            "responses": responses,
        }
        if operation.body is not None:
            entry["requestBody"] = _request(operation.body, components, metadata)
        entry["security"] = [] if operation.scope is None else [{"clientCredentials": [operation.scope]}]
        paths.setdefault(operation.path, {})[operation.method.lower()] = entry
    scopes = sorted({operation.scope for operation in operations if operation.scope})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Reskontro",
            "version": version,
            "description": "Accounts receivable: customers, documents and batches of them, on an exact double-entry ledger.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": components.schemas,
            "securitySchemes": {
                "clientCredentials": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {scope: scope for scope in scopes}}},
                }
            },
        },
    }
