"""The JSON Schemas that the package publishes."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = files("tapctl") / "schemas"


@cache
def validator(name: str, *, closed: bool = False) -> Draft202012Validator:
    """The validator of a schema such as `tapctl.preflight/1`; a closed one refuses what it does not describe."""
    file = FOLDER / f"{name.removeprefix('tapctl.').replace('/', '-')}.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
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
    found = validator(document["schema"], closed=True).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in found]
