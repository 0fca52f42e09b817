"""Two policy documents, compared by what they mean rather than by how they are written."""

import json
import re
from collections.abc import Mapping
from typing import Any

_ROOT = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")


def same_policy(wanted: Any, found: Any) -> bool:
    """Whether both allow and deny the same; order, single values for lists and account ids do not matter."""
    return sorted(_statements(wanted)) == sorted(_statements(found))


def policy_difference(wanted: Any, found: Any) -> str:
    """What the found document lacks and has more, by the names of the statements."""
    asked, there = _statements(wanted), _statements(found)
    lacks = [name for text, name in asked.items() if text not in there]
    more = [name for text, name in there.items() if text not in asked]
    said = [f"{word} {', '.join(names)}" for word, names in (("it lacks", lacks), ("it has beside", more)) if names]
    return "; ".join(said)


def _statements(document: Any) -> dict[str, str]:
    """Each statement as text that is the same for the same meaning, with a name for it."""
    parsed = json.loads(document) if isinstance(document, str) else document or {}
    statements = _listed(parsed.get("Statement") or [])
    return {
        json.dumps(_meaning(each), sort_keys=True): f"`{each.get('Sid') or _actions(each)}`"
        for each in statements
        if isinstance(each, dict)
    }


def _actions(statement: Mapping[str, Any]) -> str:
    named = _listed(statement.get("Action") or statement.get("NotAction") or [])
    return f"{statement.get('Effect')} {', '.join(map(str, named))}"


def _meaning(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement without its name; everybody may be written in two ways."""
    meant = {
        name: {"AWS": "*"} if name.endswith("Principal") and value == "*" else value
        for name, value in statement.items()
    }
    return {name: _canonical(value) for name, value in meant.items() if name != "Sid"}


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _canonical(item) for name, item in value.items()}
    return sorted(_text(item) for item in _listed(value))


def _text(value: Any) -> str:
    """Numbers and switches stand as text in a policy; the root of an account is the account."""
    text = json.dumps(value) if isinstance(value, bool | int | dict) else str(value)
    root = _ROOT.fullmatch(text)
    return root[1] if root else text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
