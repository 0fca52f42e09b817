"""Random changes of a template's reservations, conditions, parameters and maps, by every intrinsic function."""

import base64
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.soak.evaluator import FUNCTIONS, NO_VALUE, RESERVED

WORDS = ("prod", "test", "true", "false", "1", "")


@dataclass
class Mutator:
    """Changes one template; `given` are the parameters that it is then deployed with, `done` what was changed."""

    rng: Random
    template: dict[str, Any]
    given: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def mutate(self) -> None:
        """One to four changes."""
        for _ in range(self.rng.randint(1, 4)):
            change = self.rng.choice(CHANGES)
            if self.functions:
                self.done.append(f"{change.__name__.strip('_')} {change(self)}")

    @property
    def functions(self) -> list[str]:
        resources = self.template["Resources"].items()
        return [key for key, value in resources if isinstance(value, dict) and value.get("Type") in FUNCTIONS]

    def new(self, section: str, entry: Any) -> str:
        """The name of a new entry of a section."""
        entries = self.template.setdefault(section, {})
        name = f"Soak{section[:1]}{len(entries)}"
        entries[name] = entry
        return name

    def parameter(self, value: str, kind: str = "String") -> str:
        """The name of a new parameter, which has the value by its default, on the command line, or not at all."""
        match self.rng.choice(["default", "default", "default", "given", "given", "neither"]):
            case "default":
                return self.new("Parameters", {"Type": kind, "Default": value})
            case "given":
                other = {"Type": kind, "Default": "9"} if self.rng.random() < 0.5 else {"Type": kind}
                name = self.new("Parameters", other)
                self.given[name] = value
                return name
            case _:
                # Most are known, or nearly nothing could be compared.
                known = {"Default": value} if self.rng.random() < 0.7 else {}
                return self.new("Parameters", {"Type": kind, **known})

    def digits(self) -> str:
        return str(self.rng.choice([0, 1, 5, self.rng.randint(0, 200)]))

    def number(self, depth: int = 2, leaf: Any = None) -> Any:
        """An expression for a number, in which `leaf` may take part."""
        if depth == 0:
            plain = self.rng.choice([int, str])(self.digits())
            return self.rng.choice([plain, {"Ref": self.parameter(self.digits(), "Number")}, leaf or plain])
        kind = self.rng.choice(NUMBERS)
        return kind(self, depth - 1, leaf)

    def word(self, depth: int = 1) -> Any:
        """An expression for a text to compare."""
        word = self.rng.choice(WORDS)
        match self.rng.choice(["word", "Ref", "Sub", "Join", "Base64", "number"]) if depth else "word":
            case "Ref":
                return {"Ref": self.parameter(word)}
            case "Sub":
                return {"Fn::Sub": f"${{{self.parameter(word)}}}"}
            case "Join":
                return {"Fn::Join": [self.rng.choice(["", "-"]), [word, self.word(depth - 1)]]}
            case "Base64":
                encoded = {"Fn::Base64": self.word(depth - 1)}
                return self.rng.choice([encoded, base64.b64encode(word.encode()).decode()])
            case "number":
                return self.number(depth - 1)
            case _:
                return word

    def condition(self, depth: int = 2) -> Any:
        """A condition function."""
        known = [name for name in self.template.get("Conditions", {}) if not name.startswith("Fn::")]
        match self.rng.choice(["Equals", "Equals", "same", "Not", "And", "Or", "Condition"]) if depth else "Equals":
            case "same":
                word = self.word()
                return {"Fn::Equals": [word, copy.deepcopy(word)]}
            case "Not":
                return {"Fn::Not": [self.condition(depth - 1)]}
            case "And":
                return {"Fn::And": [self.condition(depth - 1) for _ in range(self.rng.randint(2, 4))]}
            case "Or":
                return {"Fn::Or": [self.condition(depth - 1) for _ in range(self.rng.randint(2, 4))]}
            case "Condition" if known:
                return {"Condition": self.rng.choice(known)}
            case _:
                return {"Fn::Equals": [self.word(), self.word()]}

    def named(self) -> str:
        """The name of a new condition."""
        return self.new("Conditions", self.condition())


def _if(maker: Mutator, depth: int, leaf: Any) -> Any:
    branches = [maker.number(depth, leaf), maker.rng.choice([NO_VALUE, maker.number(depth)])]
    maker.rng.shuffle(branches)
    return {"Fn::If": [maker.named(), *branches]}


def _sub(maker: Mutator, depth: int, leaf: Any) -> Any:
    name, prefix = maker.parameter(maker.digits()), maker.rng.choice(["", "", "1", "0"])
    plain = f"{prefix}${{{name}}}"
    return {"Fn::Sub": maker.rng.choice([plain, [f"{prefix}${{Own}}", {"Own": maker.number(depth, leaf)}]])}


def _join(maker: Mutator, depth: int, leaf: Any) -> Any:
    optional = {"Fn::If": [maker.named(), maker.digits(), NO_VALUE]}
    others: list[list[Any]] = [[], [], ["0"], [optional], [NO_VALUE]]
    items = [maker.number(depth, leaf), *maker.rng.choice(others)]
    return {"Fn::Join": ["", items]}


def _select(maker: Mutator, depth: int, leaf: Any) -> Any:
    items = [maker.number(depth, leaf), *(maker.digits() for _ in range(maker.rng.randint(1, 3)))]
    maker.rng.shuffle(items)
    if maker.rng.random() < 0.2:
        items.insert(0, NO_VALUE)
    # One in about ten is out of range.
    return {"Fn::Select": [maker.rng.choice([int, str])(maker.rng.choice([0, 0, 0, 1, 1, 1, len(items) - 1])), items]}


def _split(maker: Mutator, depth: int, leaf: Any) -> Any:
    text: Any = "|".join(maker.digits() for _ in range(3))
    joined = {"Fn::Join": ["|", [maker.number(depth, leaf), "1"]]}
    text = maker.rng.choice([text, {"Ref": maker.parameter(text)}, joined])
    return {"Fn::Select": [maker.rng.randint(0, 1), {"Fn::Split": ["|", text]}]}


def _listed(maker: Mutator, _depth: int, _leaf: Any) -> Any:
    text = maker.rng.choice([",", ", "]).join(maker.digits() for _ in range(3))
    return {"Fn::Select": [maker.rng.randint(0, 2), {"Ref": maker.parameter(text, "CommaDelimitedList")}]}


def _found(maker: Mutator, depth: int, leaf: Any) -> Any:
    keys = {word: {"number": maker.rng.choice([int, str])(maker.digits())} for word in ("prod", "test")}
    name = maker.new("Mappings", keys)
    key: Any = maker.rng.choice(["prod", {"Ref": maker.parameter("test")}, {"Ref": maker.parameter("other")}])
    default = [{"DefaultValue": maker.number(depth, leaf)}]
    return {"Fn::FindInMap": [name, key, "number", *(default if maker.rng.random() < 0.7 else [])]}


def _length(maker: Mutator, _depth: int, _leaf: Any) -> Any:
    text = ",".join(maker.rng.choice(["a", ""]) for _ in range(maker.rng.randint(1, 4)))
    listed = {"Ref": maker.parameter(text, "CommaDelimitedList")}
    others: list[list[Any]] = [[], ["b"], [NO_VALUE]]
    literal = ["a", *maker.rng.choice(others)]
    return {"Fn::Length": maker.rng.choice([listed, literal, {"Fn::Split": [",", text]}])}


NUMBERS: tuple[Callable[[Mutator, int, Any], Any], ...] = (
    _if,
    _if,
    _sub,
    _join,
    _select,
    _split,
    _listed,
    _found,
    _length,
)


def _properties(maker: Mutator, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = maker.template["Resources"][name].setdefault("Properties", {})
    return properties


def _reserve(maker: Mutator) -> str:
    """Another reservation, in which the old one may take part."""
    name = maker.rng.choice(maker.functions)
    properties = _properties(maker, name)
    properties[RESERVED] = maker.number(maker.rng.randint(1, 3), copy.deepcopy(properties.get(RESERVED)))
    return name


def _leave_out(maker: Mutator) -> str:
    """The old reservation under a condition, or none."""
    name = maker.rng.choice(maker.functions)
    properties = _properties(maker, name)
    branches = [properties.get(RESERVED, maker.digits()), NO_VALUE]
    maker.rng.shuffle(branches)
    properties[RESERVED] = {"Fn::If": [maker.named(), *branches]}
    return name


def _manage(maker: Mutator) -> str:
    """A function that runs on managed instances under a condition."""
    plain = [name for name in maker.functions if maker.template["Resources"][name]["Type"] == "AWS::Lambda::Function"]
    if not plain:
        return "no plain function"
    name = maker.rng.choice(plain)
    config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn"}}
    _properties(maker, name)["CapacityProviderConfig"] = {"Fn::If": [maker.named(), config, NO_VALUE]}
    return name


def _attach(maker: Mutator) -> str:
    """A function that exists under a condition."""
    name = maker.rng.choice(maker.functions)
    maker.template["Resources"][name]["Condition"] = maker.named()
    return name


def _turn(maker: Mutator) -> str:
    """A condition of the template combined with another one, or negated."""
    conditions = {
        name: condition for name, condition in maker.template.get("Conditions", {}).items() if "Fn::" not in name
    }
    if not conditions:
        return maker.named()
    # The other one refers to no condition, so that none refers to itself.
    name: str = maker.rng.choice(list(conditions))
    other = {"Fn::Equals": [maker.word(), maker.word()]}
    old = conditions[name]
    turned = [{"Fn::Not": [old]}, {"Fn::And": [old, other]}, {"Fn::Or": [other, old]}, other]
    maker.template["Conditions"][name] = maker.rng.choice(turned)
    return name


def _give(maker: Mutator) -> str:
    """Another value for a parameter of the template."""
    names = [
        name for name, parameter in maker.template.get("Parameters", {}).items() if "AllowedPattern" not in parameter
    ]
    if not names:
        return "no parameter"
    name: str = maker.rng.choice(names)
    declared = maker.template["Parameters"][name]
    maker.given[name] = str(maker.rng.choice(declared.get("AllowedValues") or [maker.digits()]))
    return name


CHANGES: tuple[Callable[[Mutator], str], ...] = (
    _reserve,
    _reserve,
    _reserve,
    _reserve,
    _leave_out,
    _attach,
    _manage,
    _turn,
    _give,
)
