"""The JSON Schemas that the package publishes."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = files("tapctl") / "schemas"


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of a schema such as `tapctl.preflight/1`."""
    file = FOLDER / f"{name.removeprefix('tapctl.').replace('/', '-')}.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def breaches(document: Any) -> list[str]:
    """How a document differs from the schema that it names, with the places."""
    return [f"{error.json_path}: {error.message}" for error in validator(document["schema"]).iter_errors(document)]
