"""The behaviour of the sandbox's StackSets where AWS's documentation leaves it open, and failures to inject."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.state.files import write_atomically

FILE = "stack_sets.json"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "failed_create_leaves": ("nothing", "ROLLBACK_COMPLETE", "INOPERABLE"),
    "omitted_parameters": ("keep", "default"),
    "managed_execution": ("serial", "parallel"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """The failure that a cell reports instead of an operation, `times` times or, without a number, each time."""

    reason: str
    times: int | None = None


@dataclass(frozen=True, slots=True)
class StackSetRules:
    """The rules of stack sets. A cell is `111111111111/us-east-1`.

    `failed_create_leaves`: what is there after a create that failed: nothing; a stack in ROLLBACK_COMPLETE, which no
    update can use; or such a stack with an instance that is INOPERABLE.
    `omitted_parameters`: whether a parameter that UpdateStackSet leaves out keeps its value or takes its default.
    `managed_execution`: whether operations on different cells run one after the other or side by side.
    `cell_seconds`: how long a cell is RUNNING at least; it goes on as soon as the rules no longer say so.
    `list_seconds`: how old the lists of operations and of their results are, which AWS keeps consistent eventually.
    `without_role`: accounts without the execution role. `disabled`: Regions, or cells, that are not enabled.
    `delegated_admins`: accounts that may call as DELEGATED_ADMIN. `trusted_access`: whether StackSets may act in the
    organization. `fail`: the cells that report a failure instead of an operation on their stacks.
    """

    failed_create_leaves: str = "nothing"
    omitted_parameters: str = "keep"
    managed_execution: str = "serial"
    cell_seconds: float = 0
    list_seconds: float = 0
    without_role: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    delegated_admins: tuple[str, ...] = ()
    trusted_access: bool = True
    fail: Mapping[str, Failure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UsageError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        for name in ("cell_seconds", "list_seconds"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise UsageError(f"{name} must be a number, not {value!r}")

    def is_disabled(self, account: str, region: str) -> bool:
        """Whether a Region is not enabled in an account."""
        return not {region, f"{account}/{region}"}.isdisjoint(self.disabled)


def read(folder: Path) -> StackSetRules:
    """Read stack_sets.json in `folder`, or the defaults without one. Raises `UsageError` if it is not usable."""
    path = folder / FILE
    try:
        return _rules(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return StackSetRules()
    except UsageError as error:
        reason = error.message
    except OSError as error:
        reason = error.strerror or "cannot read it"
    except json.JSONDecodeError:
        reason = "invalid JSON"
    except (TypeError, ValueError, AttributeError):
        reason = f"expected an object with {', '.join(rule.name for rule in fields(StackSetRules))}"
    raise UsageError(f"cannot use {path}: {reason}", advise(UsageAdvice.DELETE_STACK_SET_RULES))


def save(folder: Path, rules: StackSetRules) -> None:
    """Save the rules; a running sandbox applies them from its next decision on."""
    write_atomically(folder / FILE, json.dumps(asdict(rules), indent=2) + "\n")


def _rules(content: Mapping[str, Any]) -> StackSetRules:
    lists = {name: tuple(content[name]) for name in ("without_role", "disabled", "delegated_admins") if name in content}
    fail = {cell: Failure(**failure) for cell, failure in content.get("fail", {}).items()}
    return StackSetRules(**{**content, **lists, "fail": fail})
