"""How one resource is looked at: an API is asked, and its answer compared with the template row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tapctl.template.values import find_unknown
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus, shown
from tapctl.verify.compare import Comparison, same
from tapctl.verify.resource import Gone, LiveResource, unknown_value

UNSAID: Final = object()
"""What a property is that the template leaves out."""


@dataclass(frozen=True, slots=True)
class PropertyCheck:
    """A property, dotted, and where the answer shows it.

    `default` is what AWS takes where the template says nothing; without one, the row does not apply then.
    `absent` is what it means when the answer does not show it. `says` turns the template's value into the API's
    words. `explain` says what is different where the values are too long, or too secret, to be shown.
    """

    what: str
    name: str
    found: str
    default: Any = UNSAID
    absent: Any = None
    says: Callable[[Any], Any] = lambda value: value
    same: Comparison = same
    explain: Callable[[Any, Any], str] | None = None
    notable: bool = False
    """Whether it is shown on a line of its own also where it holds."""

    def wanted(self, properties: Mapping[str, Any]) -> Any:
        value = at(properties, self.name, UNSAID)
        return self.default if value is UNSAID else value


@dataclass(frozen=True, slots=True)
class StateCheck:
    """What the answer has to show whatever the template says: one of these."""

    what: str
    wanted: tuple[str, ...]
    found: str


More = Callable[[LiveResource, Any], Iterable[Check]]


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """One read, and what its answer is compared with.

    `entry` names the list of the answer, and the key of its entries, where ours is one among others. `each`
    names a list property: the look is made for each of its entries, which reach `arguments` as the second.
    `more` is for what no row can say, and then `needs` is the property without which nothing is asked. `thing`
    is what is gone when there is no answer. It and the words of a row may name properties: `policy {PolicyName}`.
    """

    service: str
    operation: str
    arguments: Callable[[LiveResource, Any], dict[str, Any]]
    rows: tuple[PropertyCheck | StateCheck, ...] = ()
    entry: tuple[str, str] | None = None
    each: str = ""
    more: More = field(default=lambda _live, _answer: ())
    needs: str = ""
    thing: str = "{id}"

    def checks(self, live: LiveResource) -> Iterator[Check]:
        if not self.each:
            yield from self._one(live, None, live.properties)
            return
        entries = live.properties.get(self.each) or []
        for entry in [entries] if isinstance(entries, Unknown) else entries:
            named = entry if isinstance(entry, dict) else {"entry": entry}
            if isinstance(entry, Unknown) or isinstance(named.get("PolicyName"), Unknown):
                yield unknown_value(live, self.each)
            else:
                yield from self._one(live, entry, {**live.properties, **named})

    def _one(self, live: LiveResource, entry: Any, properties: Mapping[str, Any]) -> Iterator[Check]:
        if self.needs and not properties.get(self.needs):
            return
        applying = [row for row in self.rows if isinstance(row, StateCheck) or row.wanted(properties) is not UNSAID]
        unknown = [row for row in applying if isinstance(row, PropertyCheck) and find_unknown(row.wanted(properties))]
        yield from (unknown_value(live, row.what.format_map(properties)) for row in unknown)
        rows = [row for row in applying if row not in unknown]
        if not rows and not self.needs:
            return
        arguments = self.arguments(live, entry)
        if find_unknown(arguments):
            yield unknown_value(live, "where to ask")
            return
        try:
            answer = self._answer(live, arguments, self.thing.format_map({**properties, "id": live.id}))
        except Gone as gone:
            if self.thing == "{id}":
                raise
            yield Check(live.logical_id, CheckStatus.FAILED, str(gone))
            return
        if isinstance(answer, Unknown):
            yield Check(live.logical_id, CheckStatus.NOT_CHECKED, answer.reason, answer.resolution or None)
            return
        yield from (_compared(live, row, properties, answer) for row in rows)
        yield from self.more(live, answer)

    def _answer(self, live: LiveResource, arguments: dict[str, Any], thing: str) -> Any:
        answer = live.ask(self.service, self.operation, thing, **arguments)
        if self.entry is None or isinstance(answer, Unknown):
            return answer
        name, key = self.entry
        mine = next((each for each in answer.get(name, []) if each.get(key) == live.id), None)
        if mine is None:
            raise Gone(thing)
        return mine


def quietly(_wanted: Any, _found: Any) -> str:
    """For `PropertyCheck.explain`: the values are too long to be shown, and nothing more can be said."""
    return ""


def at(value: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path; Unknown where something on the way is."""
    for part in path.split("."):
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value


def _compared(live: LiveResource, row: PropertyCheck | StateCheck, properties: Mapping[str, Any], answer: Any) -> Check:
    if isinstance(row, StateCheck):
        found = at(answer, row.found)
        states = " or ".join(row.wanted)
        return live.check(found in row.wanted, f"{row.what} is {found}", f"{row.what} is {shown(found)}, not {states}")
    if row.name.partition(".")[0] in live.hidden:
        return Check(live.logical_id, CheckStatus.NOT_CHECKED, f"{row.what}: the sandbox does not keep it")
    what, found, wanted = row.what.format_map(properties), at(answer, row.found), row.says(row.wanted(properties))
    found = row.absent if found is None else found
    if row.explain:
        difference = row.explain(wanted, found)
        broken = f"{what} is not as the template says{f': {difference}' if difference else ''}"
        return live.check(row.same(wanted, found), f"{what} is as the template says", broken)
    proved = f"{what} is {shown(found)}"
    broken = f"{proved}, the template says {shown(wanted)}"
    return live.check(row.same(wanted, found), proved, broken, detail=not row.notable)
