"""The files of a folder, with what its links lead to, as the AWS CLI, SAM and the CDK follow them.

Files outside of the project are packaged only with consent: a pull request may add a link to any file of this machine.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.config_file import FILE
from tapctl.template.local_paths import PathKind, is_there, local_paths
from tapctl.template.model import Template
from tapctl.template.nested import with_nested

_REPOSITORIES = (".git", ".hg", ".svn")

EXCLUDED = {
    *("__pycache__", ".DS_Store", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox", ".venv", ".aws-sam"),
    *_REPOSITORIES,
}
"""Files and folders of development tools, which no function needs."""

MAX_REPEATED = 10_000
"""How many files and folders links may lead to again: links to folders with links multiply them."""

MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Link:
    """A link by its path, and the file or folder that it leads to."""

    path: Path
    target: Path

    def __str__(self) -> str:
        return f"{self.path} is a link to {self.target}"


Follow = Callable[[Link], bool]
"""Whether to follow a link; raises for one that is refused."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the links of a template may lead: into its project, and to what is `allowed` beside it."""

    project: Path
    allowed: tuple[Path, ...] = ()

    def contains(self, link: Link) -> bool:
        """Whether a link may be followed. A repository's own folder, which may hold credentials, is out of it."""
        if any(link.target.is_relative_to(allowed) for allowed in self.allowed):
            return True
        if not link.target.is_relative_to(self.project):
            return False
        return not {*link.target.relative_to(self.project).parts} & {*_REPOSITORIES}


def everything() -> tuple[Path, ...]:
    """For `Reach.allowed`: links may lead anywhere."""
    return (Path(Path.cwd().anchor),)


def project_of(file: Path) -> Path:
    """The project of a template: the nearest repository, or folder with a tapctl.toml, else the template's folder.

    The home folder is never one, even if it is a repository.
    """
    folder, home = file.parent.resolve(), Path.home().resolve()
    above = [parent for parent in (folder, *folder.parents) if not home.is_relative_to(parent)]
    return next((parent for mark in (*_REPOSITORIES, FILE) for parent in above if (parent / mark).exists()), folder)


def named(folder: Path, name: str) -> Link | None:
    """The first link on a path that a template names; None if there is none."""
    path = Path(os.path.normpath(folder.resolve() / name))
    path = path.parent.resolve() / path.name if Path(name).is_absolute() else path
    target = Path(os.path.realpath(path))
    return None if target == path else Link(folder / name, target)


def leaving(template: Template) -> tuple[Link, ...]:
    """The links in local paths of a template and its nested templates that lead out of the project."""
    reach, found = Reach(project_of(Path(template.file))), dict[Link, None]()

    def follow(link: Link) -> bool:
        if is_inside := reach.contains(link):
            return True
        found[link] = None
        return is_inside

    for source in with_nested(template.source):
        folder = Path(source.file).parent
        for local in local_paths(Template(source, source.value)):
            path = folder / local.name
            if not is_there(path):
                continue
            link = named(folder, local.name)
            if (link is None or follow(link)) and local.slot.kind in _FOLDERS and path.is_dir():
                with of_owner(local.owner), suppress(OSError):  # packaging reports what cannot be read
                    deque(walk(path, follow), maxlen=0)
    return tuple(found)


_FOLDERS = (PathKind.CODE, PathKind.LAYER, PathKind.ZIP, PathKind.BUNDLE)


@contextmanager
def of_owner(owner: str) -> Iterator[None]:
    """Name the resource in an error about its files."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{owner}: {error.message}", error.hint) from None


def refusal(link: Link) -> UsageError:
    """The error for a link that leads out of the project."""
    return UsageError(
        f"{link.path} leads out of the project, to {link.target}",
        advise(DeployAdvice.ALLOW_LINK_OUTSIDE),
    )


def walk(folder: Path, follow: Follow) -> Iterator[tuple[str, Path]]:
    """The name and the path of every file below a folder and below what its links lead to, in no order.

    Raises `UsageError` for what is neither a file nor a folder, and for a link that leads nowhere or to a folder that
    it is in; `OSError` for what cannot be read.
    """
    return _Walk(follow).files(folder, "", (os.path.realpath(folder),))


@dataclass(slots=True)
class _Walk:
    """One walk through a folder, and how many files and folders it reached again through links."""

    follow: Follow
    repeated: int = 0
    seen: set[str] = field(default_factory=set)
    """The real paths of the folders that were walked."""
    targets: dict[str, Path] = field(default_factory=dict)
    """What each link leads to, by its real path, since several links may lead to the folder that it is in."""

    def files(self, folder: Path, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
        """The files of one folder; `above` are the real paths of the folder and of those that it was reached by."""
        if len(above) > MAX_DEPTH:
            raise UsageError(f"{folder} is more than {MAX_DEPTH} folders deep", advise(DeployAdvice.REMOVE_FROM_CODE))
        with os.scandir(above[-1]) as entries:  # not the folder, whose path may lead through many links
            listed = [entry for entry in entries if entry.name not in EXCLUDED]
        self._count(folder, above[-1], len(listed))
        for entry in listed:
            path, real = folder / entry.name, f"{above[-1]}{os.sep}{entry.name}"
            if entry.is_symlink():
                if real not in self.targets:
                    self.targets[real] = _target(path, real)
                link = Link(path, self.targets[real])
                real = str(link.target)
                if real in above:
                    raise UsageError(f"{path} is a circular link, to {real}", advise(UsageAdvice.REMOVE))
                if not self.follow(link):
                    continue
            name = f"{prefix}{entry.name}"
            if entry.is_dir():
                yield from self.files(path, f"{name}/", (*above, real))
            elif not entry.is_file():
                raise UsageError(f"{path} is neither a file nor a folder", advise(DeployAdvice.REMOVE_FROM_CODE))
            elif not entry.name.endswith(".pyc"):
                yield name, path

    def _count(self, folder: Path, real: str, files: int) -> None:
        self.repeated += files if real in self.seen else 0
        self.seen.add(real)
        if self.repeated > MAX_REPEATED:
            hint = advise(DeployAdvice.REMOVE_LINKS)
            raise UsageError(
                f"links lead to {folder} and other folders again and again, more than {MAX_REPEATED:,} files", hint
            )


def _target(path: Path, real: str) -> Path:
    """The target of the link at a path; `real` is the path without the links above it.

    Raises `UsageError` for a link that leads nowhere or to itself.
    """
    target = Path(os.path.realpath(real))  # Path.resolve raises for a link to itself before Python 3.13
    if target.is_symlink():
        raise UsageError(f"{path} is a circular link", advise(UsageAdvice.REMOVE))
    if not is_there(target):
        raise UsageError(f"{path} is a link to {target}, which does not exist", advise(UsageAdvice.REMOVE))
    return target
