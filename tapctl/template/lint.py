"""cfn-lint over a template and its nested ones, in a process beside this one while the account is read.

Templates in which it found nothing are cached by a hash of their texts, and not linted again.
"""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tapctl.errors import TapctlError, TemplateError, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.state.files import read_bytes, state_dir, write_atomically
from tapctl.state.isolated_python import isolated
from tapctl.template.cfn_lint_process import CONFIGURATION, POWERS
from tapctl.template.load import STDIN
from tapctl.template.model import Source
from tapctl.template.nested import with_nested
from tapctl.template.parse import parse

SCHEMAS = ("data", "schemas", "providers", "us-east-1.json")
"""The file of cfn-lint with the resource types of the Region that has all of them."""


def resource_types() -> frozenset[str]:
    """The resource types of AWS that cfn-lint has a schema of, read without its import."""
    found = find_spec("cfnlint")
    folder = Path(found.origin).parent if found and found.origin else Path()
    return frozenset(json.loads(folder.joinpath(*SCHEMAS).read_bytes()))


PACKAGED = "W3002"
"""The warning that a local path must be packaged first, which a deploy with tapctl does."""


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
    """A cfn-lint process that waits for its templates or lints them; None where the templates are known to be clean.

    Leaving the `with` block ends the process.
    """

    process: "subprocess.Popen[bytes] | None"
    piped: bytes | None = None
    key: str | None = None
    """The cache key of the templates; None where a clean result must not be cached."""
    trusted: bool = False
    """Whether a `.cfnlintrc` of the working folder may load rules, which are code, and replace specifications."""
    configuration: str | None = None
    """The text that is cfn-lint's configuration instead of any file of the working folder and at home."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def begin(self, source: Source, region: str | None) -> None:
        """Lint a template and its nested ones, unless they are known to be clean."""
        sources = _sources(source)
        key = cache_key(sources, region, self.configuration)
        if is_clean(key):
            self._end()
        elif self.process:
            self.send(sources, region, key)

    def send(self, sources: Sequence[Source], region: str | None, key: str | None) -> None:
        """Lint these texts under a `.cfnlintrc` of the working folder and the templates' own Metadata.

        `region` limits which resource types exist, as `cfn-lint --regions` does.
        """
        assert self.process  # noqa: S101 - only a process without templates is sent some
        assert self.process.stdin  # noqa: S101 - it was opened as a pipe
        is_piped = sources[0].file == STDIN
        templates = () if is_piped else ("--template", *(source.file for source in sources))
        arguments = ["--format", "json", *(("--regions", region) if region else ()), *templates]
        request = {"arguments": arguments, "trusted": self.trusted, "configuration": self.configuration}
        self.key, self.piped = key, sources[0].text.encode() if is_piped else None
        with suppress(OSError):  # where it failed to start, `matches` reports why
            self.process.stdin.write(f"{json.dumps(request)}\n".encode())
            self.process.stdin.flush()

    def matches(self) -> tuple[Match, ...]:
        """Wait for the process to end.

        Raises `TapctlError` when it failed, and `UsageError` for a configuration that loads code and is not trusted.
        """
        if self.process is None:
            return ()
        output, errors = self.process.communicate(self.piped)
        _check_configuration(errors)
        try:
            matches = tuple(match for entry in json.loads(output) if not _is_expected(match := _match(entry)))
        except ValueError:
            lines = errors.decode(errors="replace").strip().splitlines() or ["no output"]
            raise TapctlError(f"cfn-lint failed: {lines[-1]}", advise(JudgementAdvice.RUN_CFN_LINT)) from None
        if self.key and not matches:
            remember_clean(self.key)
        return matches

    def _end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()
        self.process = None


def _check_configuration(errors: bytes) -> None:
    """Raises `UsageError` if the process ended because of what a `.cfnlintrc` asks for."""
    with suppress(ValueError, KeyError, TypeError):
        file, key = json.loads(errors)["refused"]
        raise UsageError(
            f"{file} sets `{key}`, with which cfn-lint runs code or replaces what it checks against",
            advise(JudgementAdvice.TRUST_CFN_LINT_CONFIGURATION),
        )


def without_powers(configuration: str) -> tuple[str, tuple[str, ...]]:
    """A configuration without the keys that need files of the working folder or write one, and these keys.

    The files that they name are those of the change under test, although the configuration is not. What is no mapping
    stays as it is, for cfn-lint to refuse.
    """
    try:
        entries = parse(configuration, CONFIGURATION[0]).value
    except TemplateError:
        return configuration, ()
    found = tuple(key for key in POWERS if isinstance(entries, dict) and key in entries)
    if not found:
        return configuration, ()
    return json.dumps({key: value for key, value in entries.items() if key not in found}), found


def boot(*, trusted: bool = False) -> Linting:
    """Start cfn-lint, so that it is ready when the template has been read."""
    pipe, command = subprocess.PIPE, isolated("tapctl.template.cfn_lint_process")
    return Linting(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe), trusted=trusted)  # noqa: S603 - our own interpreter


def start(source: Source, region: str | None, *, trusted: bool = False, configuration: str | None = None) -> Linting:
    """Lint a template and its nested ones, unless they are known to be clean."""
    sources = _sources(source)
    key = cache_key(sources, region, configuration)
    if is_clean(key):
        return Linting(None)
    linting = boot(trusted=trusted)
    linting.configuration = configuration
    linting.send(sources, region, key)
    return linting


def _sources(source: Source) -> tuple[Source, ...]:
    """The texts to lint; without nested ones for a template from standard input, of which cfn-lint takes only one."""
    return (source,) if source.file == STDIN else with_nested(source)


def _is_expected(match: Match) -> bool:
    """Whether it is no problem of a deploy with tapctl: of a key that is given twice CloudFormation takes the last."""
    return match.rule == PACKAGED or (match.rule == "E0000" and match.message.startswith("Duplicate found"))


def _match(entry: dict[str, Any]) -> Match:
    rule, message = entry["Rule"], " ".join(entry["Message"].split())
    line = entry["Location"]["Start"]["LineNumber"]
    return Match(rule["Id"], entry["Level"].lower(), message, entry["Filename"] or STDIN, line, rule["Source"])


CACHE_FILE = "linted.json"
CACHE_SIZE = 200
"""Clean results to keep, the newest."""

_OTHER_FILES = ("::MODULE", "AWS::Include")
"""In a template, these may make cfn-lint read files that are not part of the cache key."""


def cache_key(sources: Sequence[Source], region: str | None, configuration: str | None = None) -> str | None:
    """A hash of everything that the result depends on; None where it may depend on a configuration or other files."""
    files = (folder / name for folder in (Path(), Path.home()) for name in CONFIGURATION)
    if any(file.exists() for file in files) if configuration is None else configuration:
        return None
    texts = [source.text for source in sources]
    if any(mark in text for mark in _OTHER_FILES for text in texts):
        return None
    from importlib.metadata import version

    return hashlib.sha256(json.dumps([version("cfn-lint"), region, *texts]).encode()).hexdigest()


def is_clean(key: str | None) -> bool:
    """Whether cfn-lint found nothing in the templates with this cache key."""
    return key is not None and key in _clean_keys()


def remember_clean(key: str) -> None:
    """Cache a clean result; an unwritable cache only makes the next run slower."""
    folder = state_dir()
    with suppress(OSError, TapctlError):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / CACHE_FILE, json.dumps([*_clean_keys(), key][-CACHE_SIZE:]) + "\n")


def _clean_keys() -> list[str]:
    """The cached keys, oldest first; none where the cache is missing or unreadable."""
    try:
        keys = json.loads(read_bytes(state_dir() / CACHE_FILE))
    except (OSError, ValueError, RecursionError):
        return []
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
