"""The account limits that the sandbox plays, and the file that carries them to its process."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.state.files import write_atomically

FILE = "limits.json"


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """What the sandbox's account may spend on Lambda concurrency.

    `held` is what functions outside the sandbox have reserved ("another team"); `floor` pins what must stay
    unreserved. Whether AWS lowers UnreservedConcurrentExecutions for provisioned concurrency of a function
    without a reservation is not documented: `provisioned_counts` says.
    """

    concurrent_executions: int = 10
    floor: int | None = None
    held: int = 0
    provisioned_counts: bool = True

    def __post_init__(self) -> None:
        _require("account limit", self.concurrent_executions, least=1)
        _require("concurrency held by others", self.held, least=0)
        if self.floor is not None:
            _require("unreserved floor", self.floor, least=0)
        if not isinstance(self.provisioned_counts, bool):
            raise UsageError(f"provisioned_counts must be true or false, not {self.provisioned_counts!r}")

    @property
    def minimum_unreserved(self) -> int:
        """The number in the brackets of AWS's refusal."""
        return min(100, self.concurrent_executions) if self.floor is None else self.floor


def load(folder: Path) -> AccountLimits:
    """Read the limits saved in `folder`; the defaults when there are none."""
    path = folder / FILE
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return AccountLimits(**fields)
    except FileNotFoundError:
        return AccountLimits()
    except UsageError as error:
        why = error.message
    except OSError as error:
        why = error.strerror or "it cannot be read"
    except TypeError:
        why = "it must hold an object with concurrent_executions, floor, held and provisioned_counts"
    except ValueError:
        why = "it is not JSON"
    raise UsageError(
        f"cannot use the sandbox's limits in {path}: {why}", "tapctl sandbox start --limit 10   # writes the file anew"
    )


def save(folder: Path, limits: AccountLimits) -> None:
    """Write the limits where a running sandbox reads them at its next decision."""
    write_atomically(folder / FILE, json.dumps(asdict(limits), indent=2) + "\n")


def _require(what: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"the {what} must be a whole number, not {value!r}")
    if value < least:
        raise UsageError(f"the {what} must be at least {least}, not {value}")
