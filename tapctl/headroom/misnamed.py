"""What the configuration says of functions that there are not: most likely a slip, which would go unnoticed."""

import difflib
from collections.abc import Iterator

from tapctl.headroom.claims import FUNCTION
from tapctl.headroom.remedy import Policy
from tapctl.headroom.verdict import Finding, Verdict
from tapctl.limits import CONCURRENCY
from tapctl.template.family import Family


def misnamed(family: Family, policy: Policy) -> Iterator[Finding]:
    """A warning for each name in `priority` and `minimum` that no function has; no verdict changes.

    Functions that a condition leaves out at present count, and so does whatever nobody can see into.
    """
    if any(member.resolver.template.opaque for member in family.members()):
        return
    functions = [
        f"{member.prefix}{each.logical_id}"
        for member in family.members()
        for each in member.resolver.template.resources()
        if each.type == FUNCTION
    ]
    hidden = tuple(each.prefix for each in family.remotes())
    for key, names in (("priority", policy.priority), ("minimum", policy.minimum)):
        for name in names:
            if name not in functions and not name.startswith(hidden):
                yield _warning(family.resolver.template.file, key, name, functions)


def _warning(file: str, key: str, name: str, functions: list[str]) -> Finding:
    near = difflib.get_close_matches(name, functions, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"the template has: {', '.join(functions) or 'none'}"
    message = f"`{key}` in tapctl.toml names {name}, which is no function of the template"
    return Finding(CONCURRENCY.id, Verdict.FITS, message, file=file, hint=hint, severity="warning")
