"""Which function or layer gets which requirements, and where in its zip they go."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapctl.config_file import FunctionConfig
from tapctl.deploy.bytecode import tag_for
from tapctl.deploy.requirements import Installer
from tapctl.deploy.runtime import Platform, platform
from tapctl.errors import UsageError
from tapctl.template.local import Kind, Local
from tapctl.template.resolve import Resolver
from tapctl.unknown import Unknown

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
        prefix = "python/" if local.slot.kind is Kind.LAYER else ""
        if (
            local.slot.kind not in (Kind.CODE, Kind.LAYER)
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
        if not self.config.bytecode or local.slot.kind is not Kind.CODE:
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
    if local.slot.kind is Kind.LAYER:
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
            f"{local.owner}: which wheels it needs hangs on its {name}: {value.reason}", value.settle or None
        )
    return value
