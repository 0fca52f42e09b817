"""The package indexes of pip's configuration, as environment variables of uv, which does not read it.

Sources: https://pip.pypa.io/en/stable/topics/configuration/ and https://docs.astral.sh/uv/reference/environment/
"""

import os
import sys
from collections.abc import Iterator, Mapping
from configparser import Error, RawConfigParser
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice

_VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("ALL_PROXY",),
}
"""pip's settings and uv's variables for them: the first one is set unless the user has set any of them."""

_TRUE = ("1", "true", "yes", "on", "y", "t")


def uv_environment(environ: Mapping[str, str], requirements: str = "") -> dict[str, str]:
    """The environment for uv: `environ` with pip's settings where uv has none.

    Several indexes count alike, as they do for pip, where `requirements` or pip's settings name them.
    Raises `UsageError` for a configuration file of pip that cannot be read.
    """
    settings = {key: " ".join(value.split()) for key, value in _pip_settings(environ).items()}
    if "find-links" in settings:
        settings["find-links"] = ",".join(_absolute(link) for link in settings["find-links"].split())
    variables = {names: settings[key] for key, names in _VARIABLES.items() if key in settings}
    if "extra-index-url" in settings or "--extra-index-url" in requirements:
        variables["UV_INDEX_STRATEGY",] = "unsafe-best-match"
    variables["UV_SYSTEM_CERTS", "UV_NATIVE_TLS"] = "true"  # pip trusts the operating system's certificates, too
    return {**environ, **{names[0]: value for names, value in variables.items() if not any(map(environ.get, names))}}


def uses_no_index(environ: Mapping[str, str]) -> bool:
    """Whether pip's settings turn package indexes off, for which uv has no variable."""
    return _pip_settings(environ).get("no-index", "").lower() in _TRUE


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Settings of `pip install` by the name of their option: from files, then from variables."""
    files = [_read(file) for file in _files(environ)]
    settings = {
        key.lower().lstrip("-").replace("_", "-"): value
        for section in ("global", "install")
        for file in files
        if file.has_section(section)
        for key, value in file.items(section)
        if value.strip()
    }
    return settings | {
        name.removeprefix("PIP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("PIP_") and value.strip()
    }


def _read(file: Path) -> RawConfigParser:
    parser = RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")  # a file that does not exist is skipped
    except (Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(
            f"cannot read pip's configuration: {reason}", advise(DeployAdvice.CORRECT_PIP_CONFIGURATION)
        ) from None
    return parser


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Configuration files of pip, the ones that override others last."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    yield from (folder / name for folder in _global_folders(environ))
    if not (chosen and Path(chosen).exists()):
        yield from (folder / name for folder in _user_folders(environ))
    yield Path(sys.prefix) / name
    if chosen:
        yield Path(chosen)


def _global_folders(environ: Mapping[str, str]) -> list[Path]:
    if sys.platform == "win32":
        return [Path(environ.get("PROGRAMDATA", "C:\\ProgramData"), "pip")]
    if sys.platform == "darwin":
        return [Path("/Library/Application Support/pip")]
    folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return [*(Path(folder, "pip") for folder in folders.split(os.pathsep)), Path("/etc")]


def _user_folders(environ: Mapping[str, str]) -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        return [home / "pip", Path(environ.get("APPDATA", home), "pip")]
    if sys.platform == "darwin" and (support := home / "Library" / "Application Support" / "pip").is_dir():
        return [home / ".pip", support]
    return [home / ".pip", Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip")]


def _absolute(link: str) -> str:
    """A location of wheels; a path is relative to the working directory, which is another for uv."""
    return link if "://" in link or link.startswith("file:") else str(Path(link).expanduser().absolute())
