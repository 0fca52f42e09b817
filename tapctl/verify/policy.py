"""Policy documents compared by meaning: order, single values in a list, and Sids do not matter."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tapctl.verify.compare import json_object
from tapctl.verify.resource_check import PropertyCheck

_ACCOUNT_ROOT = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")


def policy_check(property_: str, field: str = "") -> PropertyCheck:
    """Compares a policy document of the template with the response's."""
    return PropertyCheck(property_, field, equal=same_policy, difference=policy_difference)


def same_policy(expected: Any, actual: Any) -> bool:
    """Whether both documents allow and deny the same. Raises `NotJson`."""
    return sorted(_statements(expected)) == sorted(_statements(actual))


def policy_difference(expected: Any, actual: Any) -> str:
    """The statements that the actual document lacks, and those that it has in addition, by name."""
    expected_names, actual_names = _statements(expected), _statements(actual)
    missing = [name for statement, name in expected_names.items() if statement not in actual_names]
    unexpected = [name for statement, name in actual_names.items() if statement not in expected_names]
    parts = (("missing", missing), ("unexpected", unexpected))
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in parts if names)


def _statements(document: Any) -> dict[str, str]:
    """The canonical text of each statement, which is equal for equal meanings, to the statement's name."""
    parsed = {} if document is None else json_object(document)
    return {
        json.dumps(_canonical_statement(statement), sort_keys=True): f"`{statement.get('Sid') or _summary(statement)}`"
        for statement in _as_list(parsed.get("Statement") or [])
        if isinstance(statement, dict)
    }


def _summary(statement: Mapping[str, Any]) -> str:
    actions = _as_list(statement.get("Action") or statement.get("NotAction") or [])
    return f"{statement.get('Effect')} {', '.join(map(str, actions))}"


def _canonical_statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement without its Sid, and with `{"AWS": "*"}` for the principal `*`."""
    elements = {
        name: {"AWS": "*"} if name.endswith("Principal") and value == "*" else value
        for name, value in statement.items()
    }
    return {name: _canonical(value) for name, value in elements.items() if name != "Sid"}


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _canonical(item) for name, item in value.items()}
    return sorted(_text(item) for item in _as_list(value))


def _text(value: Any) -> str:
    """A value as IAM stores it: numbers and booleans as text, an account's root user as the account."""
    text = json.dumps(value) if isinstance(value, bool | int | dict) else str(value)
    root = _ACCOUNT_ROOT.fullmatch(text)
    return root[1] if root else text


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
