"""cfn-lint over a template, in a process of its own, so that it runs while the account is read."""

import json
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tapctl.errors import TapctlError
from tapctl.template import silence
from tapctl.template.source import Source

STDIN = "<stdin>"

PACKAGED = "W3002"
"""The warning that a local path must be packaged first, which `tapctl deploy` does."""

# -P keeps a folder `cfnlint` beside the template from being taken for the linter.
_CFN_LINT = (sys.executable, "-P", "-c", "import sys; from cfnlint.runner import main; sys.exit(main())")


@dataclass(frozen=True, slots=True)
class Match:
    """One match of a cfn-lint rule; `severity` is error, warning or informational."""

    rule: str
    severity: str
    message: str
    line: int
    docs: str


@dataclass(slots=True)
class Linting:
    """A cfn-lint that runs, or none where it is known to have nothing to say; leaving the `with` block ends it."""

    process: "subprocess.Popen[bytes] | None"
    text: bytes | None = None
    key: str | None = None
    """What its silence may be remembered by."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()

    def matches(self) -> tuple[Match, ...]:
        """Wait for its end. Raises `TapctlError` when it did not run properly."""
        if self.process is None:
            return ()
        out, said = self.process.communicate(self.text)
        try:
            found = tuple(match for each in json.loads(out) if (match := _match(each)).rule != PACKAGED)
        except ValueError:
            lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise TapctlError(
                f"cfn-lint did not run: {lines[-1]}", "`cfn-lint TEMPLATE` shows more; `--no-lint`"
            ) from None
        if self.key and not found:
            silence.remember(self.key)
        return found


def start(source: Source, region: str | None) -> Linting:
    """Start cfn-lint as its users do: under a `.cfnlintrc` of the working folder and the template's own Metadata.

    `region` limits which resource types exist, as `cfn-lint --regions` does. The same text is not linted again where
    nothing was found in it before.
    """
    regions = ("--regions", region) if region else ()
    key = silence.key(source, region)
    if key and silence.is_known(key):
        return Linting(None)
    template = () if source.file == STDIN else ("--template", source.file)
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        (*_CFN_LINT, "--format", "json", *regions, *template),
        stdin=subprocess.PIPE if source.file == STDIN else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return Linting(process, source.text.encode() if source.file == STDIN else None, key)


def _match(match: dict[str, Any]) -> Match:
    rule, message = match["Rule"], " ".join(match["Message"].split())
    line = match["Location"]["Start"]["LineNumber"]
    return Match(rule["Id"], match["Level"].lower(), message, line, rule["Source"])
