"""Random stacks of functions and what may become of them in an update, as CloudFormation templates."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType
from typing import Any

from tests.support.sandbox_clients import ROLE

NOTHING = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
"""Keeps a template without functions valid."""


@dataclass(frozen=True)
class Published:
    """An alias or a version; `word` is the alias's name or the version's description."""

    logical_id: str
    word: str
    provisioned: int | None = None
    retained: bool = False


@dataclass(frozen=True)
class Function:
    """One function of a stack; `orphan` is provisioned by a version that no stack knows.

    What is `retained`, a function or what it publishes, is kept in the account where the stack lets go of it. The
    reservation is set `by_hand` beside the stack's back; one that is `quiet` has nothing that each update changes.
    """

    logical_id: str
    name: str | None = None
    image: bool = False
    reserved: int | None = None
    version: Published | None = None
    aliases: tuple[Published, ...] = ()
    orphan: int = 0
    retained: bool = False
    by_hand: int | None = None
    quiet: bool = False

    @property
    def published(self) -> tuple[Published, ...]:
        return (self.version, *self.aliases) if self.version else ()

    @property
    def provisioned(self) -> int:
        return self.orphan + sum(each.provisioned or 0 for each in self.published)

    @property
    def claim(self) -> int:
        reserved = self.reserved if self.by_hand is None else self.by_hand
        return self.provisioned if reserved is None else reserved


Stack = tuple[Function, ...]


@dataclass(frozen=True)
class Maker:
    """Makes stacks whose claims are of the order of `room`.

    Logical ids are random, because the sandbox updates what is independent in their alphabetical order.
    """

    rng: Random
    room: int

    def word(self) -> str:
        return "".join(self.rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=6))

    def count(self, most: int) -> int:
        return min(most, self.rng.choice([1, self.rng.randint(0, most), self.rng.randint(0, most // 10 + 1)]))

    def stack(self) -> Stack:
        """A stack that holds no more than the room together."""
        made, left = [], self.room
        for _ in range(self.rng.randint(1, 3)):
            made.append(self._by_hand(self.function(self.count(left)), left))
            left -= made[-1].claim
        return tuple(made)

    def _by_hand(self, function: Function, most: int) -> Function:
        """At times the reservation was changed outside of the stack, with nothing provisioned that it must cover."""
        if function.published or function.orphan or self.rng.random() > 0.15:
            return function
        return replace(function, by_hand=self.count(most), quiet=self.rng.random() < 0.5)

    def function(self, most: int) -> Function:
        """A function that claims at most so much."""
        plain = Function(self.word(), self.rng.choice([None, self.word()]), retained=self.rng.random() < 0.15)
        match self.rng.choice(["plain", "stopped", "reserved", "reserved", "inside", "inside", "provisioned"]):
            case "stopped":
                return replace(plain, reserved=0)
            case "reserved":
                return replace(plain, reserved=most)
            case "inside":
                return replace(self.publish(plain, self.rng.randint(0, most)), reserved=most)
            case "provisioned":
                return self.publish(plain, most)
            case _:
                return plain

    def publish(self, function: Function, most: int) -> Function:
        """The same with a version and perhaps aliases, which provision at most so much together."""
        one = self.rng.randint(0, most)
        match self.rng.choice(["version", "alias", "aliases", "orphan beside", "orphan"]):
            case "version":
                return replace(function, version=self._published(most), aliases=(self._published(0),))
            case "alias":
                return replace(function, version=self._published(0), aliases=(self._published(most),))
            case "aliases":
                pair = (self._published(one), self._published(most - one))
                return replace(function, version=self._published(0), aliases=pair)
            case "orphan":
                return replace(function, version=None, aliases=(), orphan=most)
            case _:
                rest = self._published(most - one)
                return replace(function, version=self._published(0), aliases=(rest,), orphan=one)

    def _published(self, provisioned: int) -> Published:
        return Published(self.word(), self.word(), provisioned or None, self.rng.random() < 0.15)

    def next(self, stack: Stack) -> Stack:
        """What an update makes of a stack: something of most functions, now and then one less or one more."""
        moved = [self._moved(function) for function in stack if self.rng.random() > 0.15]
        if not moved or self.rng.random() < 0.3:
            moved.append(self.function(self.count(self.room)))
        return tuple(moved)

    def _moved(self, function: Function) -> Function:
        function, moves = replace(function, by_hand=None), self.rng.randint(0 if function.by_hand else 1, 3)
        for move in self.rng.choices(MOVES, k=moves):
            function = move(self, function)
        return _valid(function) if self.rng.random() < 0.2 else _covered(_valid(function))


def _reserve(maker: Maker, function: Function) -> Function:
    return replace(function, reserved=maker.rng.choice([None, 0, 1, *(maker.count(maker.room) for _ in range(5))]))


def _reserve_what_is_provisioned(maker: Maker, function: Function) -> Function:
    return replace(function, reserved=max(0, function.provisioned + maker.rng.randint(-2, 2)))


def _nudge(maker: Maker, function: Function) -> Function:
    return replace(function, reserved=max(0, (function.reserved or 0) + maker.rng.randint(-5, 5)))


def _rename(maker: Maker, function: Function) -> Function:
    return replace(function, name=maker.rng.choice([None, maker.word()]), orphan=0)


def _repackage(maker: Maker, function: Function) -> Function:
    """CloudFormation refuses to replace a function whose name stays."""
    return replace(_rename(maker, function), image=not function.image)


def _publish(maker: Maker, function: Function) -> Function:
    return maker.publish(function, maker.count(maker.room // 2))


def _provision(maker: Maker, function: Function) -> Function:
    """Another value for one alias or version; that of a version replaces it."""
    if not function.published:
        return _publish(maker, function)
    chosen = maker.rng.choice(function.published)
    return _with(function, replace(chosen, provisioned=maker.count(maker.room // 2) or None))


def _shift(maker: Maker, function: Function) -> Function:
    """The provisioned concurrency of one goes to another one."""
    holders = [each for each in function.published if each.provisioned]
    if not holders or len(function.published) == 1:
        return function
    giver = maker.rng.choice(holders)
    taker = maker.rng.choice([each for each in function.published if each != giver])
    function = _with(function, replace(giver, provisioned=None))
    return _with(function, replace(taker, provisioned=(taker.provisioned or 0) + (giver.provisioned or 0)))


def _renew(maker: Maker, function: Function) -> Function:
    """The version, or an alias, replaced: under another logical id, or by a create-only property."""
    if not function.published:
        return function
    chosen = maker.rng.choice(function.published)
    if maker.rng.random() < 0.5:
        return _with(function, replace(chosen, word=maker.word()))
    moved = Published(maker.word(), maker.word(), chosen.provisioned)
    return _with(function, moved, instead_of=chosen.logical_id)


def _unpublish(maker: Maker, function: Function) -> Function:
    if not function.aliases or maker.rng.random() < 0.5:
        return replace(function, version=None, aliases=())
    return replace(function, aliases=function.aliases[1:])


def _with(function: Function, published: Published, instead_of: str | None = None) -> Function:
    key = instead_of or published.logical_id
    if function.version and function.version.logical_id == key:
        return replace(function, version=published)
    aliases = tuple(published if each.logical_id == key else each for each in function.aliases)
    return replace(function, aliases=aliases)


def _retain(maker: Maker, function: Function) -> Function:
    """The policy of one of them turned; a removal goes by the old one, a replacement by the new."""
    if not function.published or maker.rng.random() < 0.5:
        return replace(function, retained=not function.retained)
    chosen = maker.rng.choice(function.published)
    return _with(function, replace(chosen, retained=not chosen.retained))


MOVES: tuple[Callable[[Maker, Function], Function], ...] = (
    _reserve,
    _reserve,
    _nudge,
    _reserve_what_is_provisioned,
    _rename,
    _repackage,
    _publish,
    _provision,
    _shift,
    _renew,
    _unpublish,
    _retain,
)


def _valid(function: Function) -> Function:
    """Lambda takes provisioned concurrency on a version or on its alias, not on both."""
    if function.version and function.version.provisioned:
        return replace(function, aliases=tuple(replace(each, provisioned=None) for each in function.aliases))
    return function


def _covered(function: Function) -> Function:
    if not function.reserved:
        return function
    return replace(function, reserved=max(function.reserved, function.provisioned))


@dataclass(frozen=True)
class Written:
    """A template, and the parameters that it is deployed with."""

    body: str
    parameters: Mapping[str, str]


def written(stack: Stack, marker: str, rng: Random, beside: Mapping[str, Any] = MappingProxyType({})) -> Written:
    """The stack as a template, with other resources beside it.

    Each number is written as a number, as text, by a parameter or by a condition.
    """
    parameters: dict[str, str] = {}

    def number(value: int) -> Any:
        name = f"P{len(parameters)}"
        match rng.choice(["number", "number", "text", "parameter", "condition"]):
            case "number":
                return value
            case "text":
                return str(value)
            case "parameter":
                parameters[name] = str(value)
                return {"Ref": name}
            case _:
                return {"Fn::If": ["Yes", value, {"Ref": "AWS::NoValue"}]}

    resources = {**NOTHING, **beside}
    for function in stack:
        resources |= _resources(function, marker, number)
    template = {
        "Conditions": {"Yes": {"Fn::Equals": ["yes", "yes"]}},
        "Resources": resources,
        "Outputs": {"Marker": {"Value": marker}},
        **({"Parameters": {name: {"Type": "Number"} for name in parameters}} if parameters else {}),
    }
    return Written(json.dumps(template), parameters)


def _resources(function: Function, marker: str, number: Callable[[int], Any]) -> dict[str, Any]:
    itself = {"Ref": function.logical_id}
    made = {function.logical_id: _resource("Function", function, _properties(function, marker, number))}
    if function.version:
        version = function.version
        described = {"FunctionName": itself, "Description": version.word}
        made[version.logical_id] = _resource("Version", version, described | _provisioning(version, number))
        for alias in function.aliases:
            published = {"Fn::GetAtt": [version.logical_id, "Version"]}
            named = {"FunctionName": itself, "Name": alias.word, "FunctionVersion": published}
            made[alias.logical_id] = _resource("Alias", alias, named | _provisioning(alias, number))
    return made


def _resource(kind: str, made: Function | Published, properties: Mapping[str, Any]) -> dict[str, Any]:
    # With a plain Retain even what a failed update created would stay, and go on claiming.
    policies = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"} if made.retained else {}
    return {"Type": f"AWS::Lambda::{kind}", **policies, "Properties": dict(properties)}


def _properties(function: Function, marker: str, number: Callable[[int], Any]) -> dict[str, Any]:
    code = {"ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/x:1"} if function.image else {"ZipFile": "x = 1"}
    runtime = {"PackageType": "Image"} if function.image else {"Runtime": "python3.12", "Handler": "index.x"}
    # The description changes with every update, or no version of the function could be published.
    description = "quiet" if function.quiet and not function.published else marker
    properties = {"Code": code, "Role": ROLE, "Description": description, **runtime}
    if function.name:
        properties["FunctionName"] = function.name
    if function.reserved is not None:
        properties["ReservedConcurrentExecutions"] = number(function.reserved)
    return properties


def _provisioning(published: Published, number: Callable[[int], Any]) -> dict[str, Any]:
    if published.provisioned is None:
        return {}
    return {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": number(published.provisioned)}}
