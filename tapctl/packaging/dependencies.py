"""The dependencies of Python functions and layers: wheels for the Lambda runtime, installed by uv and cached.

uv resolves for the runtime's Python version and platform, environment markers included, on any machine.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapctl.errors import UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.packaging import REQUIREMENTS
from tapctl.packaging.bytecode import tag_for
from tapctl.packaging.lambda_platform import Platform, platform
from tapctl.packaging.package_indexes import uses_no_index, uv_environment
from tapctl.settings.config_file import FunctionConfig
from tapctl.state.files import own_folder, read_bytes
from tapctl.template.local_paths import Local, PathKind
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

_INCLUDED = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)", re.MULTILINE)
_SOURCE = re.compile(r"^\s*(?:-e\b|--editable\b|\.|/)|\bfile:|\.whl\b|\.tar\.gz\b|\b(?:git|hg|svn|bzr)\+", re.MULTILINE)
"""A requirement whose content may change while the requirements file stays the same."""

_MACHINE_SPECIFIC = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
"""Files that an installer adds to a `.dist-info` folder; they differ between machines and nothing reads them later."""


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs requirements into folders below `folder`, which are named by a hash of requirements and platform.

    `step` is called before an installation with a line of progress.
    """

    folder: Path
    step: Callable[[str], None]
    builds: bool = True
    """Whether a source folder or repository that the file names is built, which runs its code."""

    def install(self, owner: str, requirements: Path, platform: Platform) -> Path | None:
        """The folder with the content of the wheels; None where the requirements file requires nothing.

        Raises `UsageError` with uv's reason, which names a package without a wheel for the platform.
        """
        files = list(_files(requirements, set()))
        text = "\n".join(text for _, text in files)
        if not any(line.split("#")[0].strip() for line in text.splitlines()):
            return None
        target = self.folder / _key(files, platform)
        cacheable = not _SOURCE.search(text)
        if cacheable and target.is_dir():
            return target
        self.step(f"installing the dependencies of {owner} for {platform}")
        with tempfile.TemporaryDirectory(dir=own_folder(self.folder), prefix=".") as temporary:
            installed = Path(temporary) / "installed"
            options = ["--requirements", str(requirements.resolve()), "--target", str(installed)]
            options += ["--cache-dir", str(self.folder.resolve() / ".uv")]
            if reason := _run_uv(self._options(options, text), text, platform, requirements.parent):
                message = f"{owner}: cannot install the dependencies for {platform}: {reason}"
                raise UsageError(message, _hint(reason, requirements))
            _check_wheels(owner, platform, installed)
            _remove_machine_specific(installed)
            _move(installed, target, replace=not cacheable)
        return target

    def _options(self, options: list[str], requirements: str) -> list[str]:
        """Sources are built each time, since their files may have changed; everything else comes as a wheel."""
        named = _SOURCE.search(requirements) is not None
        refresh = ["--refresh"] if named else []
        return [*options, *refresh, *([] if named and self.builds else ["--no-build"])]


def _files(path: Path, seen: set[Path]) -> Iterator[tuple[str, str]]:
    """The name and text of a requirements file and of those that it includes, each once."""
    seen.add(path.resolve())
    text = read_bytes(path).decode(errors="replace")
    yield str(path.name), text
    for name in _INCLUDED.findall(text):
        included = path.parent / name
        if included.resolve() not in seen and included.is_file():
            yield from _files(included, seen)


def _key(files: list[tuple[str, str]], platform: Platform) -> str:
    content = {"tapctl.requirements": 2, "platform": str(platform), "files": files}
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _run_uv(options: list[str], requirements: str, platform: Platform, folder: Path) -> str:
    """Install what the text of `requirements` requires; returns the reason of a failure, else ""."""
    command = [_uv(), "pip", "install", *options]
    command += ["--python-platform", platform.uv_platform, "--python-version", platform.python, "--no-editable"]
    command += ["--python", sys.executable, "--no-python-downloads", "--link-mode", "copy"]
    command += ["--quiet", "--no-progress", "--color", "never"]
    if "--hash" in requirements:  # as in pip: one hash makes all of them mandatory
        command.append("--require-hashes")
    if uses_no_index(os.environ):
        command.append("--no-index")
    environment = uv_environment(os.environ, requirements)
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)  # noqa: S603
    return _reason(result.stderr) if result.returncode else ""


def _uv() -> str:
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        raise UsageError(
            "cannot find uv, which installs the dependencies of functions", advise(DeployAdvice.REINSTALL)
        ) from None


def _reason(stderr: str) -> str:
    """The error that uv printed, on one line, without its hints and its conclusion that there is no solution."""
    error = stderr.partition("error: ")[2] or stderr
    text = " ".join(error.partition("\nhint: ")[0].split()).replace(" cause: ", ": ")
    text = re.sub(r"^No solution found when resolving dependencies: |\s*\^+", "", text)
    return re.sub(r",? (?:and )?we can conclude that your requirements are unsatisfiable", "", text).rstrip(".")


def _hint(reason: str, requirements: Path) -> Hint:
    if re.search(r"has no .*wheels", reason):
        return advise(DeployAdvice.CHOOSE_WHEEL)
    if "uilding source distributions" in reason:
        return advise(DeployAdvice.REQUIRE_WHEEL_TO_PLAN)
    if re.search(r"[Ff]ailed to fetch|Request failed", reason):
        return advise(DeployAdvice.CHECK_PACKAGE_INDEXES)
    return advise(DeployAdvice.CORRECT_FILE, requirements.name)


def _check_wheels(owner: str, platform: Platform, folder: Path) -> None:
    """Refuse a wheel that was built here from a source folder or repository and does not fit the platform."""
    for file in sorted(folder.glob("*.dist-info/WHEEL")):
        lines = re.findall(r"^Tag: \S+-\S+-(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        tags = [tag for line in lines for tag in line.split(".")]  # some builders write the tags of a set in one line
        if not any(tag == "any" or tag in platform.tags for tag in tags):
            name = file.parent.name.partition("-")[0]
            raise UsageError(
                f"{owner}: {name} was built for {', '.join(tags)}, not for {platform}",
                advise(DeployAdvice.REQUIRE_WHEEL),
            )


def _remove_machine_specific(folder: Path) -> None:
    shutil.rmtree(folder / "bin", ignore_errors=True)  # scripts with the path of this interpreter
    (folder / ".lock").unlink(missing_ok=True)
    for file in folder.glob("*.dist-info/*"):
        if file.name in _MACHINE_SPECIFIC:
            file.unlink()


def _move(installed: Path, target: Path, *, replace: bool) -> None:
    """Move the folder into place; a concurrent deploy may have installed the same."""
    if replace:
        shutil.rmtree(target, ignore_errors=True)
    try:
        installed.rename(target)
    except OSError:
        if not target.is_dir():
            raise


@dataclass(frozen=True, slots=True)
class Installed:
    """A folder whose files are added to a zip below `prefix`; the function's own files take precedence."""

    prefix: str
    folder: Path


@dataclass(frozen=True, slots=True)
class PythonBuild:
    """The dependencies that packaging adds to the code of Python functions and layers.

    A function gets its dependencies beside its code, a layer in `python/` if its metadata has a Python `BuildMethod`,
    as for `sam build`. Other build methods are left to their tools. A folder with installed distributions is complete.
    """

    config: FunctionConfig
    installer: Installer

    def dependencies(self, local: Local, path: Path, resolver: Resolver) -> Installed | None:
        """The dependencies to package with the folder at `path`; None where it has none.

        Raises `UsageError` for a runtime that cannot be resolved, and as `Installer.install` does.
        """
        prefix = "python/" if local.slot.kind is PathKind.LAYER else ""
        if (
            local.slot.kind not in (PathKind.CODE, PathKind.LAYER)
            or not path.is_dir()
            or any(path.glob(f"{prefix}*.dist-info"))
        ):
            return None
        file = self._requirements(path)
        target = _platform(local, resolver) if file else None
        if file is None or target is None:
            return None
        folder = self.installer.install(local.owner, file, target)
        return Installed(prefix, folder) if folder else None

    def bytecode_tag(self, local: Local, resolver: Resolver) -> str | None:
        """The tag of the bytecode to add beside a function's sources, where tapctl.toml enables it."""
        if not self.config.bytecode or local.slot.kind is not PathKind.CODE:
            return None
        return tag_for(_platform(local, resolver))

    def _requirements(self, path: Path) -> Path | None:
        """The requirements file for a folder: the one that tapctl.toml names for it, else the folder's own."""
        named, source = self.config.requirements, self.config.source
        if named is False:
            return None
        if isinstance(named, str) and (source is None or Path(source).resolve() == path.resolve()):
            if not Path(named).is_file():
                raise UsageError(f"{named} does not exist", advise(DeployAdvice.CORRECT_REQUIREMENTS))
            return Path(named)
        own = path / REQUIREMENTS
        return own if own.is_file() else None


def _platform(local: Local, resolver: Resolver) -> Platform | None:
    """The platform to install for; None for code that is not Python or that another tool builds."""
    method = local.metadata.get("BuildMethod")
    if local.slot.kind is PathKind.LAYER:
        return platform(method, local.metadata.get("BuildArchitecture", "x86_64"))
    if method is not None and not str(method).startswith("python"):
        return None
    runtime = _resolved(local, "Runtime", resolver)
    architectures = _resolved(local, "Architectures", resolver) or ["x86_64"]
    return platform(runtime, architectures[0] if isinstance(architectures, list) else architectures)


def _resolved(local: Local, name: str, resolver: Resolver) -> Any:
    """The value of a function's property. Raises `UsageError` where it is unknown."""
    value = resolver.value(local.properties.get(name), (*local.path[:-1], name))
    if isinstance(value, Unknown):
        message = f"{local.owner}: its {name}, which decides the wheels to install, is unknown: {value.reason}"
        raise UsageError(message, value.resolution)
    return value
