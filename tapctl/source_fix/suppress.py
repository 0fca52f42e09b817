"""Suppresses, with a reason, the rules of policy scanners that require a reservation.

checkov: https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
cfn_nag: https://github.com/stelligent/cfn_nag#per-resource-rule-suppression
cdk-nag: https://github.com/cdklabs/cdk-nag#suppressing-a-rule
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.template.edit.entry import fill, insert
from tapctl.template.edit.render import Data, items
from tapctl.template.edit.text import Edit, in_flow, indent, is_json, line_start, value_span
from tapctl.template.model import Path, Source


@dataclass(frozen=True, slots=True)
class PolicyScanner:
    """How metadata suppresses a scanner's rule; `rules` are those that require a reservation."""

    list: str
    reason: str
    rules: tuple[str, ...]


SCANNERS: Mapping[str, PolicyScanner] = {
    "checkov": PolicyScanner("skip", "comment", ("CKV_AWS_115",)),
    "cfn_nag": PolicyScanner("rules_to_suppress", "reason", ("W92",)),
    "cdk_nag": PolicyScanner(
        "rules_to_suppress", "reason", ("HIPAA.Security-LambdaConcurrency", "NIST.800.53.R5-LambdaConcurrency")
    ),
}
"""By the scanner's name in the metadata."""


def used_scanners(value: Any) -> set[str]:
    """The scanners that any metadata of the template already names."""
    return {name for metadata in _metadata(value) for name in SCANNERS if name in metadata}


def _metadata(value: Any) -> Iterator[Mapping[str, Any]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        if name == "Metadata" and isinstance(part, dict):
            yield part
        else:
            yield from _metadata(part)


def missing_rules(source: Source, resource: Path, scanner: str) -> list[str]:
    """The scanner's rules that the resource does not suppress yet."""
    listed = source.at((*resource, "Metadata", scanner, SCANNERS[scanner].list))
    rules = listed if isinstance(listed, list) else []
    known = {str(rule.get("id")) for rule in rules if isinstance(rule, dict)}
    return [rule for rule in SCANNERS[scanner].rules if rule not in known]


def suppress(source: Source, resource: Path, scanners: Mapping[str, list[str]], reason: str) -> list[Edit]:
    """Edits that suppress these rules, by scanner, for the resource at the path; existing metadata stays.

    Raises `UsageError` with the place that cannot be extended.
    """
    added = {
        name: {SCANNERS[name].list: [{"id": rule, SCANNERS[name].reason: reason} for rule in rules]}
        for name, rules in scanners.items()
    }
    metadata = (*resource, "Metadata")
    if metadata in source.keys:
        return _merge(source, metadata, added)
    return [insert(source, resource, {"Metadata": added}, after="Type")]


def _merge(source: Source, path: Path, added: Data) -> list[Edit]:
    """Edits that add entries to existing maps and items to existing lists."""
    there = source.at(path)
    if not there:
        return [fill(source, path, added)]
    if isinstance(added, list):
        return [_prepend(source, path, added)]
    if not isinstance(there, dict):
        raise _cannot_extend(source, path)
    new = {name: value for name, value in added.items() if name not in there}
    edits = [insert(source, path, new)] if new else []
    for name in added.keys() - new:
        edits += _merge(source, (*path, name), added[name])
    return edits


def _prepend(source: Source, path: Path, added: list[Data]) -> Edit:
    """An edit that adds the first items of a list that is not empty."""
    if (*path, 0) not in source.spans:
        raise _cannot_extend(source, path)
    first = value_span(source, (*path, 0)).start
    if is_json(source) or in_flow(source, path):
        return Edit(first, first, items(source, path, added, indent(source.text, first)))
    dash = source.text.rindex("-", 0, first)
    start = line_start(source.text, dash)
    return Edit(start, start, items(source, path, added, source.text[start:dash]))


def _cannot_extend(source: Source, path: Path) -> UsageError:
    return UsageError(
        f"{source.file}:{source.line(*path)}: {path[-1]} cannot be extended here", advise(UsageAdvice.EDIT_BY_HAND)
    )
