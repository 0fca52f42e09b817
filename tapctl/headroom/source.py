"""Where a value comes from, in a few words: a literal, a parameter, a mapping, and the condition that chose it."""

import re
from typing import Any

from tapctl.template.resolve import NO_VALUE, Resolver
from tapctl.template.source import Path
from tapctl.unknown import Unknown


def source_of(resolver: Resolver, raw: Any, path: Path) -> str:
    """For example `parameter Limit`, `mapping Plans, where IsProd`, `literal in Globals`."""
    if raw is NO_VALUE:
        return ""
    words = ", ".join(dict.fromkeys(_sources(resolver, raw, path))) or "literal"
    return f"{words} in Globals" if resolver.template.inherits(*path) else words


def _sources(resolver: Resolver, raw: Any, path: Path) -> list[str]:
    match raw:
        case {"Fn::If": [str(name), then, otherwise]}:
            return _chosen(resolver, name, then, otherwise, path)
        case {"Fn::Sub": str(text) | [str(text), *_]}:
            names = re.findall(r"\$\{([^!}][^}]*)\}", text)
            return [f"parameter {name}" for name in names if name in resolver.parameters] or ["Fn::Sub"]
        case dict(inner) if word := _word(resolver, inner):
            return [word]
        case dict() | list():
            items = raw.values() if isinstance(raw, dict) else raw
            return [word for item in items for word in _sources(resolver, item, path)]
        case str(text) if "{{resolve:" in text:
            return ["a dynamic reference"]
        case _:
            return []


def _word(resolver: Resolver, raw: dict[str, Any]) -> str | None:
    match raw:
        case {"Ref": str(name)}:
            return f"parameter {name}" if name in resolver.parameters else name
        case {"Fn::FindInMap": [str(name), *_]}:
            return f"mapping {name}"
        case {"Fn::FindInMap": _}:
            return "a mapping"
        case {"Fn::GetAtt": str(name) | [str(name), *_]}:
            return name.partition(".")[0]
        case {"Fn::ImportValue": _}:
            return "an export of another stack"
        case _:
            return None


def _chosen(resolver: Resolver, name: str, then: Any, otherwise: Any, path: Path) -> list[str]:
    answer = resolver.condition(name, path)
    if isinstance(answer, Unknown):
        return [f"condition {name}"]
    branch = then if answer else otherwise
    return [*(_sources(resolver, branch, path) or ["literal"]), f"where {name}" if answer else f"unless {name}"]
