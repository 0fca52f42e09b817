"""Evaluates a template's intrinsic functions for its reservations, written from AWS's documentation alone.

It shares nothing with tapctl's resolver, so that the two can be compared:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Special(Enum):
    """What is no value: a property that is left out, and one that only the account or the deploy knows."""

    ABSENT = "absent"
    UNKNOWN = "unknown"


ABSENT, UNKNOWN = Special.ABSENT, Special.UNKNOWN


class InvalidTemplateError(Exception):
    """CloudFormation refuses the template."""


FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
NO_VALUE = {"Ref": "AWS::NoValue"}
RESERVED = "ReservedConcurrentExecutions"


@dataclass(frozen=True)
class Evaluator:
    """A template under its parameters."""

    template: Mapping[str, Any]
    given: Mapping[str, str]

    def reservations(self) -> dict[str, Any]:
        """What each function reserves: a number, `ABSENT` or `UNKNOWN`; without those that a condition leaves out.

        Raises `InvalidTemplateError`.
        """
        found: dict[str, Any] = {}
        for logical_id, resource in self.template["Resources"].items():
            if not isinstance(resource, dict) or resource.get("Type") not in FUNCTIONS:
                continue
            exists = self.condition(resource["Condition"]) if "Condition" in resource else True
            if exists is False:
                continue
            reserved = self._reserved(resource)
            is_open = self._runs_on_instances(resource) or (exists is UNKNOWN and reserved is not ABSENT)
            found[logical_id] = UNKNOWN if is_open else reserved
        return found

    def _runs_on_instances(self, resource: Mapping[str, Any]) -> bool:
        """Whether a function runs on managed instances, or may; what a reservation does there is not documented."""
        properties = resource.get("Properties") or {}
        return self.value(properties.get("CapacityProviderConfig", NO_VALUE)) is not ABSENT

    def _reserved(self, resource: Mapping[str, Any]) -> Any:
        properties = resource.get("Properties") or {}
        if "Fn::Transform" in properties or "Fn::If" in properties:
            return UNKNOWN
        default: Mapping[str, Any] = {}
        if resource["Type"] == "AWS::Serverless::Function":
            default = (self.template.get("Globals") or {}).get("Function") or {}
        value = self.value(properties.get(RESERVED, default.get(RESERVED, NO_VALUE)))
        self.value(properties.get("FunctionName"))  # raises where it is invalid
        if isinstance(value, Special):
            return value
        if "{{resolve:" in str(value):  # put together by Fn::Sub or Fn::Join
            return UNKNOWN
        if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
            raise InvalidTemplateError(f"{value!r} is no number")
        return int(value)

    def condition(self, name: str) -> bool | Special:
        """Whether a condition of the template holds."""
        if name not in (self.template.get("Conditions") or {}):
            raise InvalidTemplateError(f"no condition {name}")
        return self.truth(self.template["Conditions"][name])

    def truth(self, expression: Any) -> bool | Special:
        """What a condition function gives."""
        value = self.value(expression)
        if value is UNKNOWN or isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise InvalidTemplateError(f"{expression!r} is no condition")

    def value(self, expression: Any) -> Any:
        """What an expression evaluates to."""
        if isinstance(expression, list):
            values = [self.value(item) for item in expression]
            return [value for value in values if value is not ABSENT]
        if not isinstance(expression, dict):
            # A dynamic reference is resolved at the deploy.
            return UNKNOWN if isinstance(expression, str) and "{{resolve:" in expression else expression
        if len(expression) == 1:
            ((name, argument),) = expression.items()
            if name in INTRINSICS:
                return INTRINSICS[name](self, argument)
            if name.startswith("Fn::"):
                return UNKNOWN
        entries = {key: self.value(item) for key, item in expression.items()}
        return {key: entry for key, entry in entries.items() if entry is not ABSENT}

    def reference(self, name: str) -> Any:
        """The value of a parameter; that of a resource or of most pseudo parameters is known to the deploy only."""
        if name == "AWS::NoValue":
            return ABSENT
        declared = (self.template.get("Parameters") or {}).get(name)
        if declared is None:
            return UNKNOWN
        kind = str(declared["Type"])
        text = self.given.get(name, declared.get("Default"))
        if text is None or "AWS::SSM" in kind:
            return UNKNOWN
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [item.strip() for item in written(text).split(",")]
        return written(text)

    def join(self, argument: Sequence[Any]) -> Any:
        delimiter, items = argument
        return self._joined(delimiter, self.value(items))

    def _joined(self, delimiter: str, items: Any) -> Any:
        if items is UNKNOWN or UNKNOWN in items:
            return UNKNOWN
        return delimiter.join(written(item) for item in items)

    def select(self, argument: Sequence[Any]) -> Any:
        index, items = self.value(argument[0]), self._choices(argument[1])
        if index is UNKNOWN or items is UNKNOWN:
            return UNKNOWN
        if not isinstance(items, list) or not re.fullmatch(r"\d+", str(index)) or int(index) >= len(items):
            raise InvalidTemplateError(f"nothing at {index}")
        if isinstance(chosen := items[int(index)], InvalidTemplateError):
            raise chosen
        # Whether an invalid item that is not selected matters is not documented.
        return UNKNOWN if any(isinstance(item, InvalidTemplateError) for item in items) else chosen

    def _choices(self, items: Any) -> Any:
        """The items to select from; an invalid one is the error that it is."""
        if not isinstance(items, list):
            return self.value(items)
        choices: list[Any] = []
        for item in items:
            try:
                choices.append(self.value(item))
            except InvalidTemplateError as error:
                choices.append(error)
        return [choice for choice in choices if choice is not ABSENT]

    def split(self, argument: Sequence[Any]) -> Any:
        text = self.value(argument[1])
        return text if text is UNKNOWN else written(text).split(argument[0])

    def sub(self, argument: Any) -> Any:
        text, variables = (argument, {}) if isinstance(argument, str) else argument
        parts: list[Any] = []
        for part in re.split(r"(\$\{[^}]*\})", text):
            name = part[2:-1].strip()
            if not part.startswith("${"):
                parts.append(part)
            elif name.startswith("!"):
                parts.append("${" + part[3:])
            elif name in variables:
                parts.append(self.value(variables[name]))
            else:
                parts.append(UNKNOWN if "." in name else self.reference(name))
        # What becomes of a variable that is AWS::NoValue is not documented.
        parts = [UNKNOWN if part is ABSENT else part for part in parts]
        return self._joined("", [",".join(part) if isinstance(part, list) else part for part in parts])

    def find_in_map(self, argument: Sequence[Any]) -> Any:
        entry: Any = self.template.get("Mappings") or {}
        for key in argument[:3]:
            known = self.value(key)
            if known is UNKNOWN:
                return UNKNOWN
            if written(known) not in entry:
                if len(argument) == 4:
                    return self.value(argument[3]["DefaultValue"])
                raise InvalidTemplateError(f"no {known} in the map")
            entry = entry[written(known)]
        return self.value(entry)

    def choose(self, argument: Sequence[Any]) -> Any:
        holds = self.condition(argument[0])
        return UNKNOWN if holds is UNKNOWN else self.value(argument[1 if holds else 2])

    def equals(self, argument: Sequence[Any]) -> bool | Special:
        left, right = map(self.value, argument)
        return UNKNOWN if isinstance(left, Special) or isinstance(right, Special) else same(left) == same(right)

    def every(self, argument: Sequence[Any]) -> bool | Special:
        truths = [self.truth(condition) for condition in argument]
        return False if False in truths else UNKNOWN if UNKNOWN in truths else True

    def some(self, argument: Sequence[Any]) -> bool | Special:
        truths = [self.truth(condition) for condition in argument]
        return True if True in truths else UNKNOWN if UNKNOWN in truths else False

    def negated(self, argument: Sequence[Any]) -> bool | Special:
        holds = self.truth(argument[0])
        return holds if holds is UNKNOWN else not holds

    def length(self, argument: Any) -> Any:
        items = self.value(argument)
        return items if items is UNKNOWN else len(items)

    def encoded(self, argument: Any) -> Any:
        text = self.value(argument)
        return text if text is UNKNOWN else base64.b64encode(written(text).encode()).decode()

    def as_json(self, argument: Any) -> Any:
        value = self.value(argument)
        return UNKNOWN if "Special.UNKNOWN" in repr(value) else json.dumps(value, separators=(",", ":"))


INTRINSICS: Mapping[str, Callable[[Evaluator, Any], Any]] = {
    "Ref": Evaluator.reference,
    "Condition": Evaluator.condition,
    "Fn::And": Evaluator.every,
    "Fn::Base64": Evaluator.encoded,
    "Fn::Equals": Evaluator.equals,
    "Fn::FindInMap": Evaluator.find_in_map,
    "Fn::If": Evaluator.choose,
    "Fn::Join": Evaluator.join,
    "Fn::Length": Evaluator.length,
    "Fn::Not": Evaluator.negated,
    "Fn::Or": Evaluator.some,
    "Fn::Select": Evaluator.select,
    "Fn::Split": Evaluator.split,
    "Fn::Sub": Evaluator.sub,
    "Fn::ToJsonString": Evaluator.as_json,
}


def written(value: Any) -> str:
    """A scalar as text; `true` is "true"."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def same(value: Any) -> Any:
    """A value for a comparison, which CloudFormation makes on texts."""
    return [same(item) for item in value] if isinstance(value, list) else written(value)
