"""cfn-lint over a template and those nested in it, in a process of its own that runs while the account is read."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tapctl.errors import TapctlError
from tapctl.state.files import state_dir, write_atomically
from tapctl.template.nested import with_nested
from tapctl.template.source import Source

STDIN = "<stdin>"

PACKAGED = "W3002"
"""The warning that a local path must be packaged first, which `tapctl deploy` does."""

_BOOT = """
import gc, json, sys
gc.disable()
from cfnlint.runner import main
gc.freeze()
gc.enable()
sys.argv[1:] = json.loads(sys.stdin.readline())
sys.exit(main())
"""
"""Importing cfn-lint takes a while and needs no template yet; its arguments come in a line when there is one.

Nothing of what is imported is ever garbage, so nothing is looked for in it.
"""

# -P keeps a folder `cfnlint` beside the template from being taken for the linter.
_CFN_LINT = (sys.executable, "-P", "-c", _BOOT)


@dataclass(frozen=True, slots=True)
class Match:
    """One match of a cfn-lint rule; `severity` is error, warning or informational."""

    rule: str
    severity: str
    message: str
    file: str
    line: int
    docs: str


@dataclass(slots=True)
class Linting:
    """A cfn-lint that is ready or runs, or none where it is known to have nothing to say.

    Leaving the `with` block ends it.
    """

    process: "subprocess.Popen[bytes] | None"
    text: bytes | None = None
    key: str | None = None
    """What its silence may be remembered by."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def begin(self, source: Source, region: str | None) -> None:
        """Lint as its users do: under a `.cfnlintrc` of the working folder and the templates' own Metadata.

        `region` limits which resource types exist, as `cfn-lint --regions` does. The same texts are not linted again
        where nothing was found in them before.
        """
        self.lint(_sources(source), region)

    def lint(self, sources: Sequence[Source], region: str | None) -> None:
        """Lint these texts, unless they are known."""
        self.key = cache_key(sources, region)
        if self.key and is_known(self.key):
            self._end()
        if self.process is None:
            return
        piped = sources[0].file == STDIN
        templates = () if piped else ("--template", *(each.file for each in sources))
        arguments = ["--format", "json", *(("--regions", region) if region else ()), *templates]
        self.text = sources[0].text.encode() if piped else None
        assert self.process.stdin  # noqa: S101 - it was opened as a pipe
        with suppress(OSError):  # one that did not even start says why when it is asked
            self.process.stdin.write(f"{json.dumps(arguments)}\n".encode())
            self.process.stdin.flush()

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
            remember(self.key)
        return found

    def _end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()
        self.process = None


def boot() -> Linting:
    """Start cfn-lint, so that it is ready when the template has been read."""
    pipe = subprocess.PIPE
    return Linting(subprocess.Popen(_CFN_LINT, stdin=pipe, stdout=pipe, stderr=pipe))  # noqa: S603 - our own interpreter


def start(source: Source, region: str | None) -> Linting:
    """Start it with its template, unless it is known to have nothing to say."""
    sources = _sources(source)
    key = cache_key(sources, region)
    linting = Linting(None) if key and is_known(key) else boot()
    linting.lint(sources, region)
    return linting


def _sources(source: Source) -> tuple[Source, ...]:
    """The text and those nested in it; by itself where it was piped, since cfn-lint takes one from a pipe."""
    return (source,) if source.file == STDIN else with_nested(source)


def _match(match: dict[str, Any]) -> Match:
    rule, message = match["Rule"], " ".join(match["Message"].split())
    line = match["Location"]["Start"]["LineNumber"]
    return Match(rule["Id"], match["Level"].lower(), message, match["Filename"] or STDIN, line, rule["Source"])


CACHE_FILE = "linted.json"
CACHE_SIZE = 200
"""How many are remembered, the newest."""

_CONFIGURATION = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
_REFERS = ("::MODULE", "AWS::Include")
"""What may make cfn-lint look into files of which nothing is known here."""


def cache_key(sources: Sequence[Source], region: str | None) -> str | None:
    """What stands for the linting of these texts; None where files of which nothing is known here have a say in it."""
    if any((folder / name).exists() for folder in (Path(), Path.home()) for name in _CONFIGURATION):
        return None
    texts = [source.text for source in sources]
    if any(each in text for each in _REFERS for text in texts):
        return None
    from importlib.metadata import version

    return hashlib.sha256(json.dumps([version("cfn-lint"), region, *texts]).encode()).hexdigest()


def is_known(key: str) -> bool:
    return key in _remembered()


def remember(key: str) -> None:
    """Keep it; where nothing can be kept, the next run takes a little longer."""
    folder = state_dir()
    with suppress(OSError, TapctlError):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / CACHE_FILE, json.dumps([*_remembered(), key][-CACHE_SIZE:]) + "\n")


def _remembered() -> list[str]:
    """What is remembered; a file that cannot be read says nothing."""
    try:
        known = json.loads((state_dir() / CACHE_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    return [each for each in known if isinstance(each, str)] if isinstance(known, list) else []
