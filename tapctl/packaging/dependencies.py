"""What a Python function requires, installed as wheels for its own runtime and architecture, and kept.

pip does it, because the package indexes that a user has set up are pip's. It runs as if it were in Lambda: told the
platform, it still judges markers such as `python_version < "3.12"` by the interpreter that it runs in, so that is
told to it as well (https://github.com/pypa/pip/issues/11664).
"""

import hashlib
import json
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
from tapctl.packaging.bytecode import tag_for
from tapctl.packaging.lambda_platform import Platform, platform
from tapctl.settings.config_file import FunctionConfig
from tapctl.state.files import own_folder
from tapctl.template.local_paths import Local, PathKind
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

_PIP = """
import json, sys
from pip._vendor.packaging import markers
from pip._internal.cli.main import main
target = json.loads(sys.argv.pop(1))
markers.default_environment = lambda: dict(target)
assert markers.Marker(f"python_full_version == '{target['python_full_version']}'").evaluate()
sys.exit(main())
"""

_INCLUDED = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)", re.MULTILINE)
_LOCAL = re.compile(r"^\s*(?:-e\b|--editable\b|\.|/)|\bfile:|\.whl\b|\.tar\.gz\b", re.MULTILINE)
"""A requirement whose content the requirements file does not tell."""

_OF_THIS_MACHINE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
"""What pip notes beside a distribution; it differs from machine to machine, and nothing at run time reads it."""

_REFUSALS = (
    (
        re.compile(r"NewConnectionError|ConnectTimeoutError|NameResolutionError|ProxyError"),
        "pip reaches no package index",
    ),
    (re.compile(r"No matching distribution found for (.+)"), "pip finds no wheel of `{}` for {platform}"),
    (re.compile(r"Cannot install (.+) because these"), "the requirements contradict each other: {}"),
    (re.compile(r"Invalid requirement: '(.+?)'"), "`{}` is no requirement"),
    (re.compile(r"No such file or directory: '(.+)'"), "there is no {}"),
    (re.compile(r"No module named pip"), "there is no pip beside tapctl"),
)
"""What pip says, and what of it the reader needs; the first that fits."""

_HINTS = {
    "pip reaches": "check the network, and `pip config list`",
    "pip finds": "choose a version that has one, or leave it out here and bring it in a layer",
    "there is no pip": f"`{sys.executable} -m ensurepip`",
}


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs into folders below `folder`, each named by what was asked for; `step` is told of what takes its time."""

    folder: Path
    step: Callable[[str], None]

    def install(self, owner: str, requirements: Path, platform: Platform) -> Path | None:
        """The folder that holds the wheels' content; None where nothing is required.

        Raises `UsageError` that names the package which has no wheel or contradicts another.
        """
        files = list(_files(requirements, set()))
        if not any(_required(text) for _, text in files):
            return None
        target = self.folder / _key(files, platform)
        lasting = not any(_LOCAL.search(text) for _, text in files)
        if lasting and target.is_dir():
            return target
        self.step(f"installing the requirements of {owner} for {platform}")
        with tempfile.TemporaryDirectory(dir=own_folder(self.folder), prefix=".") as made:
            inside = Path(made) / "installed"
            _run_pip(owner, requirements, platform, inside)
            _check_wheels(owner, platform, inside)
            _forget_machine(inside)
            _settle(inside, target, anew=not lasting)
        return target


def _files(path: Path, seen: set[Path]) -> Iterator[tuple[str, str]]:
    """A requirements file with those that it includes, each once."""
    seen.add(path.resolve())
    text = path.read_text(encoding="utf-8", errors="replace")
    yield str(path.name), text
    for name in _INCLUDED.findall(text):
        included = path.parent / name
        if included.resolve() not in seen and included.is_file():
            yield from _files(included, seen)


def _required(text: str) -> bool:
    return any(line.split("#")[0].strip() for line in text.splitlines())


def _key(files: list[tuple[str, str]], platform: Platform) -> str:
    asked = {"tapctl.requirements": 1, "platform": str(platform), "files": files}
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _run_pip(owner: str, requirements: Path, platform: Platform, target: Path) -> None:
    command = [sys.executable, "-c", _PIP, json.dumps(platform.markers), "install", "--target", str(target)]
    command += ["--requirement", str(requirements.resolve()), "--only-binary", ":all:", "--no-compile"]
    command += ["--implementation", "cp", "--python-version", platform.python]
    command += [argument for tag in platform.tags for argument in ("--platform", tag)]
    command += ["--no-input", "--no-warn-conflicts", "--disable-pip-version-check", "--progress-bar", "off", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=requirements.parent)  # noqa: S603
    if done.returncode:
        raise _refusal(owner, platform, done.stderr)
    target.mkdir(exist_ok=True)  # markers may leave nothing to be installed


def _refusal(owner: str, platform: Platform, said: str) -> UsageError:
    for pattern, meaning in _REFUSALS:
        if found := pattern.search(said):
            message = meaning.format(*(each.strip() for each in found.groups()), platform=platform)
            hint = next((hint for start, hint in _HINTS.items() if message.startswith(start)), "mend the requirements")
            return UsageError(f"{owner}: {message}", hint)
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    last = (errors or said.splitlines() or ["pip failed and said nothing"])[-1]
    return UsageError(f"{owner}: its requirements cannot be installed: {last}", "mend the requirements")


def _check_wheels(owner: str, platform: Platform, folder: Path) -> None:
    """What pip built from a local folder or a repository fits this machine, and perhaps no other."""
    for file in sorted(folder.glob("*.dist-info/WHEEL")):
        tags = re.findall(r"^Tag: \S+-\S+-(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        if not any(tag == "any" or tag in platform.tags for tag in tags):
            name = file.parent.name.partition("-")[0]
            raise UsageError(
                f"{owner}: `{name}` was built for {', '.join(tags)}, not for {platform}", "require it as a wheel"
            )


def _forget_machine(folder: Path) -> None:
    shutil.rmtree(folder / "bin", ignore_errors=True)  # scripts that name this interpreter
    for file in folder.glob("*.dist-info/*"):
        if file.name in _OF_THIS_MACHINE:
            file.unlink()


def _settle(made: Path, target: Path, *, anew: bool) -> None:
    """Move what was installed to where it stays; another deploy may have been faster with the same."""
    if anew:
        shutil.rmtree(target, ignore_errors=True)
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise


FILE = "requirements.txt"


@dataclass(frozen=True, slots=True)
class Installed:
    """A folder whose files go into the zip below `prefix`, where no file of the function's own is."""

    prefix: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Wheels:
    """Requirements as tapctl.toml and the folders themselves ask for them.

    A function with a Python runtime gets them beside its code. A layer gets them in `python/` where its metadata
    has a Python `BuildMethod`, as for `sam build`; what has another one is left to the tool that builds it, as is a
    folder that holds installed distributions already.
    """

    config: FunctionConfig
    installer: Installer

    def beside(self, local: Local, path: Path, resolver: Resolver) -> Installed | None:
        """What is to be packed with the folder at `path`; None for nothing.

        Raises `UsageError` for a runtime that cannot be known, and what `Installer.install` raises.
        """
        prefix = "python/" if local.slot.kind is PathKind.LAYER else ""
        if (
            local.slot.kind not in (PathKind.CODE, PathKind.LAYER)
            or not path.is_dir()
            or any(path.glob(f"{prefix}*.dist-info"))
        ):
            return None
        file = self._file(path)
        place = _platform(local, resolver) if file else None
        if file is None or place is None:
            return None
        folder = self.installer.install(local.owner, file, place)
        return Installed(prefix, folder) if folder else None

    def bytecode(self, local: Local, resolver: Resolver) -> str | None:
        """The tag of the bytecode that goes beside a function's sources, where tapctl.toml asks for it."""
        if not self.config.bytecode or local.slot.kind is not PathKind.CODE:
            return None
        return tag_for(_platform(local, resolver))

    def _file(self, path: Path) -> Path | None:
        """The requirements of the folder: those that tapctl.toml names for it, else its own."""
        named, source = self.config.requirements, self.config.source
        if named is False:
            return None
        if isinstance(named, str) and (source is None or Path(source).resolve() == path.resolve()):
            if not Path(named).is_file():
                raise UsageError(f"there is no {named}", "`requirements` in tapctl.toml names it")
            return Path(named)
        own = path / FILE
        # A link that leads out of the folder is refused when that is packed; until then nothing behind it is read.
        return own if own.is_file() and own.resolve().is_relative_to(path.resolve()) else None


def _platform(local: Local, resolver: Resolver) -> Platform | None:
    """The machine that it is for; None for what takes no Python wheels, or is not to be built here."""
    method = local.metadata.get("BuildMethod")
    if local.slot.kind is PathKind.LAYER:
        return platform(method, local.metadata.get("BuildArchitecture", "x86_64"))
    if method is not None and not str(method).startswith("python"):
        return None
    runtime = _value(local, "Runtime", resolver)
    architectures = _value(local, "Architectures", resolver) or ["x86_64"]
    return platform(runtime, architectures[0] if isinstance(architectures, list) else architectures)


def _value(local: Local, name: str, resolver: Resolver) -> Any:
    raw = local.properties.get(name)
    value = resolver.value(raw, (*local.path[:-1], name))
    if isinstance(value, Unknown):
        raise UsageError(
            f"{local.owner}: which wheels it needs hangs on its {name}: {value.reason}", value.resolution or None
        )
    return value
