"""Random templates with a known value: a small language, its CloudFormation form, and its evaluation.

`written` gives the CloudFormation form of a node and `evaluated` its value, without any code of tapctl. Every string
consists of digits, so that it is valid where a number is needed. No world makes a lookup fail: lists keep their length,
and maps have every key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

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


TEXTS = ("P0", "P1", "P2", "N0")
LISTS = ("L0", "L1")
LENGTH = 3


def digits(random: Random) -> str:
    return "".join(random.choices("0123456789", k=random.randint(1, 2)))


def random_world(random: Random) -> World:
    return World(
        texts={name: digits(random) for name in TEXTS} | {name: random.choice(KEYS) for name in ("K0", "K1")},
        lists={name: tuple(digits(random) for _ in range(LENGTH)) for name in LISTS},
        maps={key: {"n": random.randint(0, 99), "t": digits(random)} for key in KEYS},
        lookups={key: digits(random) for key in ("ssm:/a", "import:E")},
    )  # fmt: skip


def text(random: Random, depth: int, named: int) -> Node:
    """A node with a string value, which may refer to the first `named` conditions."""
    below = depth - 1
    match random.choice(("leaf", "sub", "join", "if", "if", "select", "length")) if depth else "leaf":
        case "sub":
            return Node("sub", tuple(random.choice((digits(random), text(random, below, named))) for _ in few(random)))
        case "join":
            items = (random.choice((text, maybe))(random, below, named) for _ in few(random))
            return Node("join", (text(random, below, named), *items))
        case "if":
            return Node("if", (truth(random, below, named), text(random, below, named), text(random, below, named)))
        case "select":
            return Node("select", (random.randrange(LENGTH), list_(random, below, named, fixed=True)))
        case "length":
            return Node("length", (list_(random, below, named),))
        case _:
            return _leaf(random)


def few(random: Random, least: int = 1) -> range:
    return range(random.randint(least, 3))


def _leaf(random: Random) -> Node:
    match random.randrange(4):
        case 0:
            return Node("literal", (random.choice((digits(random), random.randint(0, 99))),))
        case 1:
            return Node("parameter", (random.choice(TEXTS),))
        case 2:
            return Node("map", (random.choice(("K0", "K1")), random.choice(("n", "t"))))
        case _:
            return random.choice((Node("ssm", ("/a",)), Node("import", ("E",))))


def maybe(random: Random, depth: int, named: int) -> Node:
    return Node("maybe", (truth(random, depth, named), text(random, depth, named)))


def list_(random: Random, depth: int, named: int, *, fixed: bool = False) -> Node:
    """A node with a list value; with `fixed`, of the same length in every world."""
    items = [text(random, max(depth - 1, 0), named) for _ in range(LENGTH)]
    kind = random.choice(("parameter", "list", "split", "if") if depth else ("parameter", "list"))
    match kind:
        case "list" if not fixed and depth:
            return Node("list", (*items, maybe(random, depth - 1, named)))
        case "list":
            return Node("list", tuple(items))
        case "split":
            return Node("split", tuple(items))
        case "if":
            branches = (list_(random, depth - 1, named, fixed=fixed) for _ in range(2))
            return Node("if", (truth(random, depth - 1, named), *branches))
    return Node("parameter", (random.choice(LISTS),))


def truth(random: Random, depth: int, named: int) -> Node:
    """A node with a boolean value."""
    below = max(depth - 1, 0)
    kind = random.choice(
        ["equals", *(["named", "named"] if named else []), *(["and", "or", "not", "bool"] if depth else [])]
    )
    match kind:
        case "named":
            return Node("named", (random.randrange(named),))
        case "and" | "or":
            return Node(kind, tuple(truth(random, below, named) for _ in few(random, 2)))
        case "not":
            return Node("not", (truth(random, below, named),))
        case "bool":
            return Node("bool", (random.choice((True, False, "true", "false")),))
    return Node("equals", (text(random, below, named), text(random, below, named)))
