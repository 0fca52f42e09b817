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

from tapctl.deploy.runtime import Platform
from tapctl.errors import UsageError
from tapctl.files import own_folder

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
