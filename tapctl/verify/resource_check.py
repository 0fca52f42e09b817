"""The checks of one resource: an AWS API is called, and its response is compared with the template.

A `ResourceCheck` is one API call with the properties (`PropertyCheck`) and states (`StateCheck`) to compare. The
checks of every resource type are tables of these in `tapctl.verify.services`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tapctl.aws.errors import aws_call, read_or_unknown
from tapctl.aws.session import Aws
from tapctl.errors import AwsError
from tapctl.hints import Hint
from tapctl.template.intrinsics import find_unknown
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus, shown
from tapctl.verify.compare import Comparison, NotJson, same

_NOT_FOUND = re.compile(
    r"(?:\w+\.)*(?!K[Mm][Ss])\w*(?:Not(?:Found|Exists?)|Non[Ee]xist\w+)(?:Exception|Fault|Error)?"
    r"|NoSuch\w+|Unknown(?:Monitor|Resource|Subscription)(?:Exception|Fault)|GoneException|404"
)
"""The error codes of all services for a resource, or part of one, that does not exist; a KMS key is another's.

404 is the code of an answer without a body, as to HeadBucket.
"""

_ACTIONS = {"apigateway": "apigateway:GET", "apigatewayv2": "apigateway:GET"}
"""The IAM action of services whose actions are not named after their operations."""


def action_of(service: str, operation: str) -> str:
    """The IAM action of an operation of a boto3 client."""
    return _ACTIONS.get(service, f"{service}:{operation}")


def is_not_found(code: str) -> bool:
    """Whether an error code reports that the requested resource, or part of it, does not exist."""
    return bool(_NOT_FOUND.fullmatch(code))


class NotFound(Exception):
    """The API reports that the requested resource, or part of it, does not exist."""


@dataclass(frozen=True, slots=True)
class Answers:
    """AWS's answers to one round of checks, which run in parallel: what several of them read is asked for once."""

    aws: Aws
    _answers: dict[str, tuple[threading.Lock, list[Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """The response, or Unknown with the missing IAM action. Raises `NotFound`."""
        key = json.dumps([service, operation, parameters], sort_keys=True)
        with self._lock:
            lock, answers = self._answers.setdefault(key, (threading.Lock(), []))
        with lock:
            if not answers:
                answers.append(self._ask(service, operation, parameters))
        if isinstance(answer := answers[0], NotFound):
            raise answer
        return answer

    def _ask(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        action = action_of(service, operation)

        def attempt() -> Any:
            try:
                with aws_call(action):
                    return self.aws.call(service, operation, **parameters)
            except AwsError as error:
                if is_not_found(error.code or ""):
                    return NotFound()
                raise

        return read_or_unknown(action, attempt)


@dataclass(frozen=True, slots=True)
class LiveResource:
    """A deployed resource: its physical id, and its resolved properties from the running template."""

    answers: Answers
    logical_id: str
    """Of a resource of a nested stack, `Stack/Resource`."""
    physical_id: str
    properties: Mapping[str, Any]
    dropped: frozenset[str] = frozenset()
    """Top-level properties that the sandbox does not store, so that they cannot be compared."""
    peers: tuple[str, ...] = ()
    """The physical ids of all resources of this type, this one among them: some operations describe many at once."""
    item: Any = None
    """The item of the list property for which a check is repeated; see `ResourceCheck.repeat_for`."""

    def batch(self, most: int) -> list[str]:
        """The peers to describe in the same call as this resource, at most this many."""
        start = self.peers.index(self.physical_id) // most * most
        return list(self.peers[start : start + most])

    def compared(self, equal: bool, proved: str, failed: str, *, detail: bool = True) -> Check:
        """PROVED with the one message, or FAILED with the other."""
        if equal:
            return Check(self.logical_id, CheckStatus.PROVED, proved, detail=detail)
        return Check(self.logical_id, CheckStatus.FAILED, failed, detail=detail)

    def not_checked(self, reason: str, hint: Hint | None = None) -> Check:
        return Check(self.logical_id, CheckStatus.NOT_CHECKED, reason, hint or None)

    def unresolved(self, label: str) -> Check:
        """NOT_CHECKED, because the template's value cannot be resolved here."""
        return self.not_checked(f"{label}: the template's value is known only to AWS")


NO_DEFAULT: Final = object()
"""The default of properties that are compared only where the template sets them."""


@dataclass(frozen=True, slots=True)
class PropertyCheck:
    """Compares one property of the template with one field of the API's response."""

    path: str
    """Dotted path of the property in the template, such as `TracingConfig.Mode`."""
    field: str = ""
    """Dotted path of the field in the response, below `ResourceCheck.result_path`; the property's path by default."""
    default: Any = NO_DEFAULT
    """AWS's value for a property that the template omits; without it, an omitted property is not compared."""
    absent: Any = None
    """The value that a response without the field stands for."""
    to_api: Callable[[Any], Any] = lambda value: value
    """Converts the template's value to the API's, such as `true` to `ENABLED`."""
    equal: Comparison = same
    difference: Callable[[Any, Any], str] | None = None
    """Describes how two values differ that are too long or too secret to print; "" prints only that they do."""
    label: str = ""
    """Name of the property in messages, where the API's term is clearer."""
    notable: bool = False
    """Whether text output prints a match on a separate line instead of counting it."""

    @property
    def name(self) -> str:
        return self.label or self.path

    def expected(self, properties: Mapping[str, Any]) -> Any:
        """The template's value, else AWS's default, else `NO_DEFAULT`."""
        value = at(properties, self.path, NO_DEFAULT)
        return self.default if value is NO_DEFAULT else value

    def compare(self, resource: LiveResource, response: Any, part: str) -> Check:
        if self.path.partition(".")[0] in resource.dropped:
            return resource.not_checked(f"{self.name}: not stored by the sandbox")
        label = f"{self.name} of {part}" if part else self.name
        expected = self.to_api(self.expected(resource.properties))
        actual = at(response, self.field or self.path)
        actual = self.absent if actual is None else actual
        try:
            equal = self.equal(expected, actual)
        except NotJson as error:
            return resource.not_checked(f"{label} is {error}")
        if self.difference:
            details = "" if equal else self.difference(expected, actual)
            differs = f"{label} differs from the template{f': {details}' if details else ''}"
            return resource.compared(equal, f"{label} matches the template", differs)
        value = f"{label} is {shown(actual)}"
        return resource.compared(equal, value, f"{value}, expected {shown(expected)}", detail=not self.notable)


@dataclass(frozen=True, slots=True)
class StateCheck:
    """A field of the API's response that must have one of some values, whatever the template says."""

    field: str
    """Dotted path of the field in the response, below `ResourceCheck.result_path`."""
    accepted: tuple[str, ...]

    def compare(self, resource: LiveResource, response: Any) -> Check:
        actual = at(response, self.field)
        value = f"{self.field} is {shown(actual)}"
        return resource.compared(actual in self.accepted, value, f"{value}, expected {' or '.join(self.accepted)}")


Parameters = Callable[[LiveResource], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """One API operation that describes a resource, and what is compared with its response."""

    service: str
    """Name of the boto3 client, such as `dynamodb`."""
    operation: str
    """The API operation, such as `DescribeTable`."""
    parameters: Parameters
    """The parameters of the operation; `by_id` where the physical id is the only one."""
    properties: tuple[PropertyCheck, ...] = ()
    states: tuple[StateCheck, ...] = ()
    result_path: str = ""
    """Dotted path of the description in the response, such as `Table`; empty for the whole response."""
    id_field: str = ""
    """Where `result_path` leads to a list: the field of its entries that is the physical id."""
    repeat_for: str = ""
    """A list property; the operation is called for each of its items, with the item as `LiveResource.item`."""
    part: Callable[[LiveResource], str] | None = None
    """Name of the part of the resource that the operation reads, such as `policy read-orders`.

    Without it the operation reads the whole resource, whose absence ends the checks of the resource.
    """
    further: Callable[[LiveResource, Any], Iterable[Check]] | None = None
    """Further checks of the response, which no `PropertyCheck` can express."""
    only_with: str = ""
    """A property without which the operation is not called."""

    @property
    def permission(self) -> str:
        """The IAM action that allows the operation."""
        return action_of(self.service, self.operation)

    def applies(self, properties: Mapping[str, Any]) -> bool:
        """Whether the operation is called for a resource that has these properties, resolved or not."""
        if self.only_with and not properties.get(self.only_with):
            return False
        if self.repeat_for:
            return bool(properties.get(self.repeat_for))
        compared = (check.expected(properties) is not NO_DEFAULT for check in self.properties)
        return bool(self.states or self.further) or any(compared)

    def run(self, resource: LiveResource) -> Iterator[Check]:
        """The checks of one resource. Raises `NotFound` when it does not exist."""
        if not self.repeat_for:
            yield from self._run(resource)
            return
        items = resource.properties.get(self.repeat_for) or []
        for item in [items] if isinstance(items, Unknown) else items:
            own_properties = item if isinstance(item, dict) else {}
            if isinstance(item, Unknown) or isinstance(own_properties.get("PolicyName"), Unknown):
                yield resource.unresolved(self.repeat_for)
            else:
                yield from self._run(replace(resource, item=item, properties={**resource.properties, **own_properties}))

    def _run(self, resource: LiveResource) -> Iterator[Check]:
        if self.only_with and not resource.properties.get(self.only_with):
            return
        applying = [check for check in self.properties if check.expected(resource.properties) is not NO_DEFAULT]
        unresolved = [check for check in applying if find_unknown(check.expected(resource.properties))]
        yield from (resource.unresolved(check.name) for check in unresolved)
        properties = [check for check in applying if check not in unresolved]
        if not properties and not self.states and not self.further:
            return
        parameters = self.parameters(resource)
        if find_unknown(parameters):
            yield resource.not_checked(f"{self.operation} needs a value that is known only to AWS")
            return
        part = self.part(resource) if self.part else ""
        try:
            response = self._response(resource, parameters)
        except NotFound:
            if not part:
                raise
            yield Check(resource.logical_id, CheckStatus.FAILED, f"{part} does not exist")
            return
        if isinstance(response, Unknown):
            yield resource.not_checked(response.reason, response.resolution)
            return
        item = part if self.repeat_for else ""
        yield from (check.compare(resource, response) for check in self.states)
        yield from (check.compare(resource, response, item) for check in properties)
        if self.further:
            try:
                yield from self.further(resource, response)
            except NotJson as error:
                yield resource.not_checked(f"{self.operation} returned a value that is {error}")

    def _response(self, resource: LiveResource, parameters: Mapping[str, Any]) -> Any:
        response = resource.answers.to(self.service, self.operation, parameters)
        if isinstance(response, Unknown):
            return response
        result = at(response, self.result_path) if self.result_path else response
        if not self.id_field:
            return result
        for entry in result or []:
            if entry.get(self.id_field) == resource.physical_id:
                return entry
        raise NotFound


def by_id(parameter: str) -> Parameters:
    """The physical id as the operation's only parameter."""
    return lambda resource: {parameter: resource.physical_id}


def exists(resource: LiveResource, _response: Any) -> Iterator[Check]:
    """For `ResourceCheck.further`: that the API knows the resource is what there is to prove."""
    yield resource.compared(True, f"{resource.physical_id} exists", "")


def own_id(resource: LiveResource) -> str:
    """The last part of a physical id that begins with the id of the parent."""
    return re.split("[/|]", resource.physical_id)[-1]


def without_details(_expected: Any, _actual: Any) -> str:
    """For `PropertyCheck.difference`: the values are too long to print."""
    return ""


def at(value: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path; Unknown where one of its parents is."""
    for key in path.split("."):
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, dict) or key not in value:
            return default
        value = value[key]
    return value
