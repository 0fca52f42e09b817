"""The JSON Schemas that the package publishes."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

FOLDER = files("tapctl") / "schemas"


@cache
def validator(name: str, *, closed: bool = False) -> Draft202012Validator:
    """The validator of a schema such as `tapctl.preflight/1`; a closed one refuses what it does not describe."""
    schema = json.loads((FOLDER / _file(name)).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(_closed(schema) if closed else schema)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: value if key == "if" else _closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **inner} if isinstance(schema.get("properties"), dict) else inner


def breaches(document: Any) -> list[str]:
    """How a document of this version differs from the schema that it names, with the places.

    Users are promised that fields may be added; one that is added here belongs into the schema as well.
    """
    schema = document["schema"]
    found = validator(schema, closed=True).iter_errors(document)
    causes = (cause for error in found for cause in _causes(error))
    return [f"{cause.json_path}: {cause.message}{_next_step(cause, schema)}" for cause in causes]


def _causes(error: ValidationError) -> Iterator[ValidationError]:
    """The errors below one of `anyOf` or `oneOf`: those of the alternative that the value is nearest to."""
    alternatives: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        alternatives.setdefault(inner.relative_schema_path[0], []).append(inner)
    if not alternatives:
        yield error
        return
    for inner in min(alternatives.values(), key=_distance):
        yield from _causes(inner)


def _distance(errors: list[ValidationError]) -> tuple[bool, int]:
    return any(error.validator == "type" and not error.relative_path for error in errors), len(errors)


def _next_step(error: ValidationError, schema: str) -> str:
    return f": describe it in tapctl/schemas/{_file(schema)}" if error.validator == "additionalProperties" else ""


def _file(schema: str) -> str:
    return f"{schema.removeprefix('tapctl.').replace('/', '-')}.json"
