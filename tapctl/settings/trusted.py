"""Reads the settings that could weaken a verdict from a trusted commit or policy file instead of the change under test.

Anyone may have written the change. Git is called so that no file of the work tree makes it run a program.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tapctl.concurrency.verdict import Weakening
from tapctl.errors import ConfigError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.config_file import FILE, PROJECT, Environment, File, environment_of, find, has_section, parsed
from tapctl.state.files import read_bytes
from tapctl.template.cfn_lint_process import CONFIGURATION
from tapctl.template.lint import without_powers

KEYS = (
    "account",
    "allow_uncertain",
    "max_age",
    "min_unreserved",
    "profile",
    "region",
    "remedy",
    "role_arn",
    "sandbox",
    "snapshot",
)
"""The keys of an environment that can weaken its verdict, or choose another account to judge it by."""

WEAK: Mapping[str, tuple[object, ...]] = {
    "allow_uncertain": (False,),
    "min_unreserved": (None,),
    "remedy": ("ask", "fail"),
    "sandbox": (False,),
}
"""The values of such a key that weaken nothing; a key that is not here weakens only by a change."""

SECTIONS = ("ignore", "limits")
"""The sections of tapctl.toml that can do the same for every environment."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the repository that holds the working folder; `name` is how the user calls it."""

    root: Path
    name: str
    id: str

    @classmethod
    def of(cls, name: str, folder: Path | None = None) -> Self:
        """Find the commit. Raises `UsageError` where there is no repository, or no such commit in it."""
        here = (folder or Path.cwd()).resolve()
        root = _root(here)
        fetch = advise(UsageAdvice.FETCH_COMMIT)
        if root is None:
            why = _git(here, "rev-parse", "--show-toplevel").stderr.decode(errors="replace").partition("\n")[0]
            raise UsageError(f"cannot read {name}: {why.removeprefix('fatal: ')}", advise(UsageAdvice.USE_CHECKOUT))
        finished = _git(root, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
        if finished.returncode:
            raise UsageError(f"cannot read {name}: the repository has no such commit", fetch)
        if finished.stderr.strip():
            raise UsageError(f"cannot read {name}: it is ambiguous", advise(UsageAdvice.GIVE_COMMIT_ID))
        return cls(root, name, finished.stdout.decode().strip())

    def content(self, path: str | Path) -> bytes | None:
        """The content of a file of the work tree as the commit has it; None where the commit has no such file.

        Raises `ConfigError` where it cannot be read, or is not a regular file.
        """
        inside = self.inside(path)
        if inside is None:
            return None
        listed = _git(self.root, "ls-tree", "-z", "--full-tree", self.id, "--", inside)
        entry = listed.stdout.decode(errors="replace").partition("\0")[0].partition("\t")[0].split()
        if not listed.returncode and not entry:
            return None
        hint = advise(UsageAdvice.FETCH_WHOLE_COMMIT)
        if listed.returncode or len(entry) != 3:
            raise ConfigError(f"cannot read {inside} of {self.name}", hint)
        if entry[1] != "blob" or entry[0] == "120000":
            raise ConfigError(f"{inside} is not a regular file in {self.name}", advise(UsageAdvice.NAME_FILE_ITSELF))
        finished = _git(self.root, "cat-file", "blob", entry[2])
        if finished.returncode:
            raise ConfigError(f"cannot read {inside} of {self.name}", hint)
        return finished.stdout

    def inside(self, path: str | Path) -> str | None:
        """The path from the root of the repository, as it is spelled; None for a file outside of it."""
        spelled = os.path.normpath(Path.cwd().resolve() / path)
        for candidate in (spelled, os.path.realpath(spelled)):
            if Path(candidate).is_relative_to(self.root):
                return Path(candidate).relative_to(self.root).as_posix()
        return None


def _root(folder: Path) -> Path | None:
    """The top folder of the repository that holds a folder; None where there is none."""
    finished = _git(folder, "rev-parse", "--show-toplevel")
    text = os.fsdecode(finished.stdout).rstrip("\n")
    return Path(text).resolve() if text and not finished.returncode else None


_SAFELY = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.warnAmbiguousRefs=true",
    "safe.bareRepository=explicit",
)
"""No program of the repository runs, and no folder of the work tree passes for a repository with such programs."""


def _git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run git. Raises `UsageError` where it cannot be started."""
    configured = [word for entry in _SAFELY for word in ("-c", entry)]
    command = ["git", "--no-pager", "--no-replace-objects", "--literal-pathspecs", *configured, *arguments]
    quiet = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    try:
        return subprocess.run(  # noqa: S603 - no shell
            command, cwd=folder, env={**os.environ, **quiet}, capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"cannot run git: {error}", advise(UsageAdvice.INSTALL_GIT)) from None


def _is_tracked(path: Path) -> bool:
    """Whether a file, or a link on the way to it, belongs to the repository that holds the working folder."""
    root = _root(Path.cwd().resolve())
    spelled = Path(os.path.normpath(Path.cwd().resolve() / path))
    # Path.resolve raises for a circular link before Python 3.13.
    for place in (spelled, Path(os.path.realpath(spelled))) if root else ():
        if root and place.is_relative_to(root) and _root_of(place) == root:
            finished = _git(root, "ls-files", "--error-unmatch", "--", place.relative_to(root).as_posix())
            if not finished.returncode or b"symbolic link" in finished.stderr:
                return True
    return False


def _root_of(file: Path) -> Path | None:
    return _root(file.parent) if file.parent.is_dir() else None


@dataclass(frozen=True, slots=True)
class Trusted:
    """The configuration of a commit or of a policy file; `name` is how the user calls it.

    `folder` is where its paths begin, `linter` the text of cfn-lint's configuration, empty where there is none.
    """

    name: str
    file: File
    folder: Path
    linter: str
    commit: Commit | None = None

    @classmethod
    def read(cls, base: str | None, policy: Path | None, config: Path | None) -> Self:
        """The configuration of the commit `base`, or the file `policy`, which may be one of that commit.

        Raises `UsageError` where it cannot be read; it is never what is checked out instead.
        """
        if base is None:
            assert policy  # noqa: S101 - one of them is given
            return cls._of_policy(policy)
        commit = Commit.of(base)
        path = policy or config or _nearest(commit)
        data = _file_of(commit, path) if path else None
        if policy and data is None:
            raise ConfigError(f"cannot read {policy}: {base} has no such file", advise(UsageAdvice.COMMIT_FIRST))
        file = parsed(data, path, base) if path and data is not None else File.model_construct()
        linter = next(filter(None, map(commit.content, CONFIGURATION)), b"")
        return cls(_readable(base), file, path.parent if path else Path(), linter.decode(errors="replace"), commit)

    @classmethod
    def _of_policy(cls, path: Path) -> Self:
        _refuse_tracked(path)
        found = (path.parent / name for name in CONFIGURATION)
        configuration = next((file for file in found if file.is_file() and not _is_tracked(file)), None)
        try:
            linter = read_bytes(configuration).decode(errors="replace") if configuration else ""
            return cls(str(path), parsed(read_bytes(path), path), path.parent, linter)
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}", advise(UsageAdvice.GIVE_OTHER_POLICY)) from None

    def content(self, path: Path) -> bytes | None:
        """The content of a file as the commit has it; None for one on disk that the change did not bring.

        Raises `ConfigError` for a file that only the change has.
        """
        data = self.commit.content(path) if self.commit else None
        if data is None:
            _refuse_tracked(path)
        return data

    @property
    def linter_in_force(self) -> tuple[str, tuple[str, ...]]:
        """cfn-lint's configuration without what would load files of the change under test, and the keys left out."""
        return without_powers(self.linter)

    def may_be_brought(self, path: Path) -> bool:
        """Whether a file belongs to what is checked out, so that the change under test may have written it."""
        return _is_tracked(path)

    def environment(self, name: str | None) -> Environment:
        """The trusted environment of this name; the defaults alone if there is none."""
        return environment_of(self.file, name if name in self.file.env else None, None)

    def over(self, file: File, environment: Environment, name: str | None) -> tuple[File, Environment]:
        """The file and the environment under test, with the trusted values of everything that can weaken a verdict."""
        own = self.environment(name)
        sections = {key: getattr(self.file, key) for key in _sections()}
        kept = {key: getattr(environment, key) for key in Environment.model_fields if key not in KEYS}
        values = {key: getattr(own, key) for key in KEYS}
        return file.model_copy(update=sections), Environment.model_construct(
            **{key: value for key, value in kept.items() if key in environment.model_fields_set}, **values
        )

    def weakenings(self, file: File, environment: Environment, name: str | None) -> tuple[Weakening, ...]:
        """The settings in force that can weaken the verdict, and those that the file under test changes."""
        section = f"[env.{name}]" if name else "[defaults]"
        own = self.environment(name)
        return (
            *_of_keys(environment, own, f"{section} of {self.name}"),
            *(weakening for key in _sections() for weakening in _of_section(key, file, self.file, self.name)),
            *self._of_linter(),
        )

    def _of_linter(self) -> Iterator[Weakening]:
        """cfn-lint's configuration: in force, or in the working folder, where it is not used."""
        name = next((name for name in CONFIGURATION if Path(name).is_file()), CONFIGURATION[0])
        try:
            text = read_bytes(Path(name)).decode(errors="replace") if Path(name).is_file() else ""
        except OSError:
            text = "unreadable"
        if self.linter or text:
            changed = text != self.linter if self.commit else bool(text)
            in_force = _one_line(self.linter_in_force[0])
            yield Weakening(name, in_force or None, self.name, changed, _one_line(text) if changed else None)


def _readable(name: str) -> str:
    """The name of a commit; of a whole id, such as a pull request's base has, the first digits."""
    return f"commit {name[:12]}" if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", name) else name


def _sections() -> tuple[str, ...]:
    return tuple(key for key in SECTIONS if key in File.model_fields)


def _file_of(commit: Commit, path: Path) -> bytes | None:
    """A configuration file: of the commit if it lies in the repository, else as it is."""
    if commit.inside(path):
        return commit.content(path)
    try:
        return read_bytes(path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", advise(UsageAdvice.NAME_OTHER_FILE)) from None


def _nearest(commit: Commit) -> Path | None:
    """The configuration of the commit in the working folder or above it, else one above the repository."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if not folder.is_relative_to(commit.root):
            break
        if commit.content(folder / FILE) is not None:
            return folder / FILE
        if has_section(commit.content(folder / PROJECT) or b""):
            return folder / PROJECT
    return find(commit.root.parent)


def _refuse_tracked(path: Path) -> None:
    if _is_tracked(path):
        message = f"cannot trust {path}: it is in the checkout, so the change under test may have edited it"
        raise ConfigError(message, advise(UsageAdvice.COMMIT_TO_BASE))


def _of_keys(tested: Environment, trusted: Environment, where: str) -> Iterator[Weakening]:
    for key in KEYS:
        before, after = getattr(trusted, key), getattr(tested, key)
        changed = before != after
        if changed or (key in WEAK and _plain(before) not in WEAK[key]):
            # A key that the change unsets has no value that could be shown.
            proposed = _setting_text(after) or "unset" if changed else None
            yield Weakening(key, _setting_text(before), where, changed, proposed)


def _of_section(key: str, tested: File, trusted: File, where: str) -> Iterator[Weakening]:
    before, after = _entries(getattr(trusted, key)), _entries(getattr(tested, key))
    for entry in before:
        yield Weakening(key, entry, where, entry not in after, None if entry in after else "unset")
    for entry in after:
        if entry not in before:
            yield Weakening(key, None, where, changed=True, proposed=entry)


def _entries(section: Any) -> list[str]:
    """Each entry of a section as text."""
    if isinstance(section, list):
        entries = (entry.model_dump(mode="json", exclude_none=True) for entry in section)
        return [", ".join(f"{key} {value}" for key, value in entry.items()) for entry in entries]
    values: Mapping[str, object] = section.model_dump(mode="json", exclude_defaults=True)
    return [f"{key} = {json.dumps(value, sort_keys=True)}" for key, value in values.items()]


def _plain(value: object) -> object:
    return getattr(value, "value", value)


def _setting_text(value: object) -> str | None:
    return None if value is None else str(_plain(value)).lower() if isinstance(value, bool) else str(_plain(value))


_SHOWN = 200
"""Characters of cfn-lint's configuration that a report shows."""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
