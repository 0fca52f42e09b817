"""Random templates with a known value: a small language, its CloudFormation form, and its evaluation.

`written` gives the CloudFormation form of a node and `evaluated` its value, without any code of tapctl. Every string
consists of digits, so that it is valid where a number is needed. No world makes a lookup fail: lists keep their length,
and maps have every key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import strategies as st

NO_VALUE = object()
KEYS = ("k0", "k1")
NO_VALUE_REF = {"Ref": "AWS::NoValue"}


@dataclass(frozen=True)
class World:
    """The values of the parameters, the SSM parameters and the exports, and the named conditions."""

    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    maps: Mapping[str, Mapping[str, Any]]
    lookups: Mapping[str, str]
    conditions: "tuple[Node, ...]" = ()


@dataclass(frozen=True)
class Node:
    """One function call: its name, and its arguments, which are nodes or plain data."""

    name: str
    arguments: tuple[Any, ...] = field(default_factory=tuple)


def written(node: Node) -> Any:
    """The node as it is written in a template."""
    return FORMS[node.name](*node.arguments)


def evaluated(node: Node, world: World) -> Any:
    """The value of the node: a string, a list of strings, a boolean, or `NO_VALUE`."""
    return EVALUATIONS[node.name](world, *node.arguments)


def _condition(condition: Node) -> Any:
    """A condition in the form for Fn::If, which takes any string for the name of one."""
    match condition:
        case Node("named", (index,)):
            return f"C{index}"
        case Node("bool", (value,)):
            return {"Fn::And": [value, value]}
        case _:
            return written(condition)


def _all(nodes: tuple[Node, ...]) -> list[Any]:
    return [written(node) for node in nodes]


def _written_sub(*parts: Any) -> Any:
    text, local = "", {}
    for index, part in enumerate(parts):
        if isinstance(part, str):
            text += part
        elif part.name == "parameter":
            text += f"${{{part.arguments[0]}}}"
        else:
            text += f"${{x{index}}}"
            local[f"x{index}"] = written(part)
    return {"Fn::Sub": [text, local]} if local else {"Fn::Sub": text}


FORMS: Mapping[str, Callable[..., Any]] = {
    "literal": lambda value: value,
    "bool": lambda value: value,
    "parameter": lambda name: {"Ref": name},
    "sub": _written_sub,
    "if": lambda when, then, otherwise: {"Fn::If": [_condition(when), written(then), written(otherwise)]},
    "maybe": lambda when, item: {"Fn::If": [_condition(when), written(item), NO_VALUE_REF]},
    "select": lambda index, items: {"Fn::Select": [index, written(items)]},
    "map": lambda key, name: {"Fn::FindInMap": ["M", {"Ref": key}, name]},
    "ssm": lambda name: f"{{{{resolve:ssm:{name}}}}}",
    "import": lambda name: {"Fn::ImportValue": name},
    "list": lambda *items: _all(items),
    "split": lambda *items: {"Fn::Split": ["-", {"Fn::Join": ["-", _all(items)]}]},
    "join": lambda *items: {"Fn::Join": ["", _all(items)]},
    "length": lambda items: {"Fn::Length": written(items)},
    "named": lambda index: {"Condition": f"C{index}"},
    "equals": lambda *sides: {"Fn::Equals": _all(sides)},
    "and": lambda *inner: {"Fn::And": _all(inner)},
    "or": lambda *inner: {"Fn::Or": _all(inner)},
    "not": lambda *inner: {"Fn::Not": _all(inner)},
}


def _kept(world: World, items: tuple[Node, ...]) -> list[str]:
    return [value for item in items if (value := evaluated(item, world)) is not NO_VALUE]


EVALUATIONS: Mapping[str, Callable[..., Any]] = {
    "literal": lambda _, value: str(value),
    "bool": lambda _, value: value in (True, "true"),
    "parameter": lambda world, name: list(world.lists[name]) if name in world.lists else world.texts[name],
    "sub": lambda world, *parts: "".join(part if isinstance(part, str) else evaluated(part, world) for part in parts),
    "if": lambda world, when, then, otherwise: evaluated(then if evaluated(when, world) else otherwise, world),
    "maybe": lambda world, when, item: evaluated(item, world) if evaluated(when, world) else NO_VALUE,
    "select": lambda world, index, items: evaluated(items, world)[index],
    "map": lambda world, key, name: str(world.maps[world.texts[key]][name]),
    "ssm": lambda world, name: world.lookups[f"ssm:{name}"],
    "import": lambda world, name: world.lookups[f"import:{name}"],
    "list": lambda world, *items: _kept(world, items),
    "split": lambda world, *items: "-".join(_kept(world, items)).split("-"),
    "join": lambda world, *items: "".join(_kept(world, items)),
    "length": lambda world, items: str(len(evaluated(items, world))),
    "named": lambda world, index: evaluated(world.conditions[index], world),
    "equals": lambda world, left, right: evaluated(left, world) == evaluated(right, world),
    "and": lambda world, *inner: all(evaluated(node, world) for node in inner),
    "or": lambda world, *inner: any(evaluated(node, world) for node in inner),
    "not": lambda world, inner: not evaluated(inner, world),
}


DIGITS = st.text("0123456789", min_size=1, max_size=2)
TEXTS = ("P0", "P1", "P2", "N0")
LISTS = ("L0", "L1")
LENGTH = 3


@st.composite
def worlds(draw: st.DrawFn) -> World:
    return World(
        texts={name: draw(DIGITS) for name in TEXTS} | {name: draw(st.sampled_from(KEYS)) for name in ("K0", "K1")},
        lists={name: tuple(draw(st.lists(DIGITS, min_size=LENGTH, max_size=LENGTH))) for name in LISTS},
        maps={key: {"n": draw(st.integers(0, 99)), "t": draw(DIGITS)} for key in KEYS},
        lookups={key: draw(DIGITS) for key in ("ssm:/a", "import:E")},
    )  # fmt: skip


@cache
@st.composite
def texts(draw: st.DrawFn, depth: int, named: int) -> Node:
    """A node with a string value, which may refer to the first `named` conditions."""
    inner, below = texts(depth - 1, named), depth - 1
    parts = st.lists(DIGITS | inner, min_size=1, max_size=3)
    items = st.lists(inner | _maybes(below, named), min_size=1, max_size=3)
    kinds = ["leaf", "sub", "join", "if", "if", "select", "length"] if depth else ["leaf"]
    match draw(st.sampled_from(kinds)):
        case "sub":
            return Node("sub", tuple(draw(parts)))
        case "join":
            return Node("join", (draw(inner), *draw(items)))
        case "if":
            return Node("if", (draw(truths(below, named)), draw(inner), draw(inner)))
        case "select":
            return Node("select", (draw(st.integers(0, LENGTH - 1)), draw(lists(below, named, fixed=True))))
        case "length":
            return Node("length", (draw(lists(below, named)),))
        case _:
            return draw(_leaves())


@cache
def _leaves() -> st.SearchStrategy[Node]:
    literals = st.one_of(DIGITS, st.integers(0, 99)).map(lambda value: Node("literal", (value,)))
    parameters = st.sampled_from(TEXTS).map(lambda name: Node("parameter", (name,)))
    lookups = st.tuples(st.sampled_from(["K0", "K1"]), st.sampled_from(["n", "t"])).map(lambda at: Node("map", at))
    stored = st.sampled_from([Node("ssm", ("/a",)), Node("import", ("E",))])
    return st.one_of(literals, parameters, lookups, stored)


@cache
@st.composite
def _maybes(draw: st.DrawFn, depth: int, named: int) -> Node:
    return Node("maybe", (draw(truths(depth, named)), draw(texts(depth, named))))


@cache
@st.composite
def lists(draw: st.DrawFn, depth: int, named: int, *, fixed: bool = False) -> Node:
    """A node with a list value; with `fixed`, of the same length in every world."""
    items = st.lists(texts(max(depth - 1, 0), named), min_size=LENGTH, max_size=LENGTH)
    match draw(st.sampled_from(["parameter", "list", "split", "if"] if depth else ["parameter", "list"])):
        case "list" if not fixed and depth:
            return Node("list", (*draw(items), draw(_maybes(depth - 1, named))))
        case "list":
            return Node("list", tuple(draw(items)))
        case "split":
            return Node("split", tuple(draw(items)))
        case "if":
            below = lists(depth - 1, named, fixed=fixed)
            return Node("if", (draw(truths(depth - 1, named)), draw(below), draw(below)))
    return Node("parameter", (draw(st.sampled_from(LISTS)),))


@cache
@st.composite
def truths(draw: st.DrawFn, depth: int, named: int) -> Node:
    """A node with a boolean value."""
    kinds = ["equals", *(["named", "named"] if named else []), *(["and", "or", "not", "bool"] if depth else [])]
    inner = truths(max(depth - 1, 0), named)
    match draw(st.sampled_from(kinds)):
        case "named":
            return Node("named", (draw(st.integers(0, named - 1)),))
        case ("and" | "or") as name:
            return Node(name, tuple(draw(st.lists(inner, min_size=2, max_size=3))))
        case "not":
            return Node("not", (draw(inner),))
        case "bool":
            return Node("bool", (draw(st.sampled_from([True, False, "true", "false"])),))
    side = texts(max(depth - 1, 0), named)
    return Node("equals", (draw(side), draw(side)))
