"""Where the sandbox's change sets say more than CloudFormation's: they list what a false condition leaves out."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tapctl.deploy.changes import Change
from tapctl.headroom.number import existence
from tapctl.template.family import Family


def without_absent(changes: Sequence[Change], kin: Family) -> tuple[Change, ...]:
    """The changes without what would be added and is not to exist, in nested stacks as well."""
    absent = {
        f"{member.prefix}{each.logical_id}"
        for member in kin.members()
        for each in member.resolver.template.resources()
        if existence(member.resolver, each) is False
    }
    return _kept(changes, absent)


def _kept(changes: Sequence[Change], absent: Collection[str], prefix: str = "") -> tuple[Change, ...]:
    return tuple(
        replace(each, nested=_kept(each.nested, absent, f"{prefix}{each.logical_id}/"))
        for each in changes
        if each.action != "Add" or f"{prefix}{each.logical_id}" not in absent
    )
