"""Code without its dependencies or compiled files, which another tool has to build before a deploy.

Only files that a build always leaves behind are looked for, and only in the folder that is packaged. Sources: the
pages "Deploy … Lambda functions" of each runtime, from https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path
from typing import Any

from tapctl.template.local_paths import Local, PathKind, is_there, local_paths
from tapctl.template.model import Template
from tapctl.template.nested import StackTree
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

MAX_BYTES = 1_000_000
"""A manifest or source above this size is not read."""

MAX_SOURCES = 500
"""How many sources are followed from a handler."""


@dataclass(frozen=True, slots=True)
class UnbuiltCode:
    """A function or layer whose code lacks what its manifest asks for, and where the template names the code."""

    owner: str
    what: str
    command: str
    """What builds it, ..."""
    folder: str
    """... and where."""
    written: str
    """What the command writes elsewhere, which the template has to name instead of the folder."""
    certain: bool
    """Whether the code cannot run; False where what it lacks may come from a layer, or may not be used."""
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class _Code:
    """A folder with the code of a function or layer; `handler` is empty where it is not known."""

    folder: Path
    runtime: str
    handler: str
    is_layer: bool = False

    def has(self, *patterns: str) -> bool:
        return any(next(self.folder.glob(pattern), None) is not None for pattern in patterns)


@dataclass(frozen=True, slots=True)
class _Lack:
    what: str
    command: str
    certain: bool = True
    written: str = ""
    """What the command writes elsewhere, which the template has to name instead of the folder."""


@dataclass(frozen=True, slots=True)
class _Toolchain:
    """How the functions of some runtimes are built: their manifests, and what the code lacks where one is there."""

    runtimes: tuple[str, ...]
    manifests: Mapping[str, str]
    """The command that builds it, by the manifest's name."""
    missing: Callable[[_Code], str]
    """What the build would have written; empty where it is there."""
    written: str = ""

    def lack(self, code: _Code) -> _Lack | None:
        for manifest, command in self.manifests.items():
            found = None if code.is_layer else next(code.folder.glob(manifest), None)
            if found and (missing := self.missing(code)):
                return _Lack(f"{found.name} but no {missing}", command, written=self.written)
        return None


def unbuilt_code(tree: StackTree) -> Iterator[UnbuiltCode]:
    """The functions and layers of a tree whose code lacks what its manifest asks for."""
    for member in tree.members():
        source = member.resolver.template.source
        written, file = Template(source, source.value), Path(source.file)
        for local in local_paths(written) if is_there(file) else ():
            folder = file.parent / local.name
            if local.is_asset or not _is_created(written, local, member.resolver) or not folder.is_dir():
                continue
            if lack := _lack(_code(local, folder, member.resolver)):
                line, certain = written.line(*local.path), lack.certain and not local.properties.get("Layers")
                build = (lack.command, normpath(folder), lack.written)
                yield UnbuiltCode(local.owner, f"{local.name} has {lack.what}", *build, certain, source.file, line)


def _is_created(template: Template, local: Local, resolver: Resolver) -> bool:
    if local.slot.kind not in (PathKind.CODE, PathKind.LAYER):
        return False
    path = local.path[: local.path.index("Properties")]
    definition: Any = template.body
    for key in path:
        definition = definition[key]
    return resolver.exists(definition.get("Condition"), path) is not False


def _code(local: Local, folder: Path, resolver: Resolver) -> _Code:
    def text(name: str) -> str:
        value = resolver.value(local.properties.get(name), (*local.path[: local.path.index("Properties") + 1], name))
        return "" if value is None or isinstance(value, Unknown) else str(value)

    if local.slot.kind is PathKind.LAYER:
        return _Code(folder, str(local.metadata.get("BuildMethod") or ""), "", is_layer=True)
    return _Code(folder, text("Runtime"), text("Handler"))


def _lack(code: _Code) -> _Lack | None:
    if code.runtime.startswith("nodejs") or (code.is_layer and code.has("nodejs/package.json")):
        return _node(code)
    if code.runtime.startswith("ruby"):
        return _ruby(code)
    compiled = (toolchain for toolchain in _COMPILED if code.runtime.startswith(toolchain.runtimes))
    return next((lack for toolchain in compiled if (lack := toolchain.lack(code))), None)


def _read(file: Path) -> str:
    """The text of a file; empty where it is none, too large, or cannot be read."""
    try:
        return file.read_text(errors="replace") if file.is_file() and file.stat().st_size <= MAX_BYTES else ""
    except OSError:
        return ""


# Compiled languages


def _executable(code: _Code) -> str:
    name = (code.handler or "main") if code.runtime == "go1.x" else "bootstrap"
    return "" if (code.folder / name).is_file() else name


def _java_classes(code: _Code) -> str:
    handler = f"{code.handler.partition('::')[0].replace('.', '/')}.class"
    return "" if code.has("lib/*.jar", handler if code.handler else "*/**/*.class") else "compiled class"


def _assembly(code: _Code) -> str:
    return "" if code.has("*.dll", "bootstrap") else "compiled assembly"


_COMPILED = (
    _Toolchain(
        ("provided", "go1.x"),
        {
            "go.mod": "GOOS=linux GOARCH=amd64 go build -o bootstrap",
        },
        _executable,
    ),
    _Toolchain(
        ("provided",),
        {"Cargo.toml": "cargo lambda build --release", "Package.swift": "swift package archive"},
        _executable,
        "the folder that it writes",
    ),
    _Toolchain(
        ("java",),
        {"pom.xml": "mvn package", "build.gradle": "gradle build", "build.gradle.kts": "gradle build"},
        _java_classes,
        "its jar",
    ),
    _Toolchain(
        ("dotnet", "provided"),
        {"*.csproj": "dotnet publish", "*.fsproj": "dotnet publish", "*.vbproj": "dotnet publish"},
        _assembly,
        "the folder that it writes",
    ),
)


# Ruby

_GEM = re.compile(r"^\s*gem[ (]+[\"']([\w.-]+)[\"'](.*)")
_GROUP = re.compile(r"^\s*group\b(.*)\bdo\b")
_DEVELOPMENT = re.compile(r":?(development|test)\b")
_GEMS_OF_RUNTIME = re.compile(r"aws-sdk\b.*|aws-sigv4|bundler|json|rexml|bigdecimal|base64|logger|csv|rake")
"""The SDK, which Lambda's runtime has, and gems that Ruby brings."""


def _ruby(code: _Code) -> _Lack | None:
    if code.is_layer or code.has("vendor/bundle/*"):
        return None
    gems = [gem for gem in _gems(_read(code.folder / "Gemfile")) if not _GEMS_OF_RUNTIME.fullmatch(gem)]
    command = "bundle config set --local path vendor/bundle && bundle install"
    return _Lack(f"a Gemfile but not {_first_names(gems)} in vendor/bundle", command) if gems else None


def _gems(gemfile: str) -> Iterator[str]:
    """The gems that a Gemfile asks for outside of its groups for development and tests."""
    depth = 0
    for line in gemfile.splitlines():
        group = _GROUP.match(line)
        if depth or (group and _DEVELOPMENT.search(group[1])):
            depth += bool(re.search(r"\bdo\b", line)) - bool(re.match(r"\s*end\b", line))
        elif (gem := _GEM.match(line)) and not ("group" in gem[2] and _DEVELOPMENT.search(gem[2])):
            yield gem[1]


# Node.js

_IMPORT = re.compile(r"""(?:\brequire\s*\(\s*|\bfrom\s*|\bimport\s*\(?\s*)["']([^"'\n]+)["']""")
_COMMENT = re.compile(r"^\s*(?://|/?\*).*$", re.MULTILINE)
_BUNDLED = re.compile(
    r"__webpack_require__|__nccwpck_require__|__commonJS|__toCommonJS|__toESM|__export\(|\bnode_modules/"
)
"""What esbuild, webpack and ncc leave in the file that they write."""

_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx")
_INSTALL = {
    "package-lock.json": "npm ci",
    "npm-shrinkwrap.json": "npm ci",
    "yarn.lock": "yarn install --frozen-lockfile",
    "pnpm-lock.yaml": "pnpm install --frozen-lockfile --node-linker hoisted",
    "bun.lock": "bun install",
}
"""The command that installs what a lock file names."""


def _node(code: _Code) -> _Lack | None:
    """The dependencies of package.json that node_modules does not have.

    Certain where the handler or what it loads imports it, or where the handler is not found; a bundle needs none.
    """
    of_layer = code.folder / "nodejs"
    folder = of_layer if code.is_layer and (of_layer / "package.json").is_file() else code.folder
    modules = (of_layer if code.is_layer else folder) / "node_modules"
    absent = [name for name in _dependencies(folder, code.runtime) if not (modules / name).exists()]
    if not absent or (folder / ".pnp.cjs").exists():
        return None
    command = next((command for lock, command in _INSTALL.items() if (folder / lock).is_file()), "npm install")
    texts = [] if code.is_layer else list(_sources(code))
    used = {_package(name) for text in texts for name in _IMPORT.findall(_COMMENT.sub("", text))}
    if texts and not used.intersection(absent):
        is_bundle = len(texts[0]) > MAX_BYTES // 10 or _BUNDLED.search(texts[0])
        return None if is_bundle else _absent(absent, command, certain=False)
    return _absent([name for name in absent if name in used] or absent, command)


def _absent(names: list[str], command: str, *, certain: bool = True) -> _Lack:
    return _Lack(f"a package.json but not {_first_names(names)} in node_modules", command, certain)


def _dependencies(folder: Path, runtime: str) -> list[str]:
    """The packages that the code needs at run time, without the SDK that the runtime has and without types."""
    try:
        dependencies = json.loads(_read(folder / "package.json"))["dependencies"]
        names = [str(name) for name in dependencies if not str(name).startswith("@types/")]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    version = re.match(r"nodejs(\d+)", runtime)
    has_old_sdk = version is not None and int(version[1]) < 18
    return [name for name in names if not (name == "aws-sdk" if has_old_sdk else name.startswith(_SDK))]


_SDK = ("@aws-sdk/", "@smithy/")
"""The SDK that the runtimes have from nodejs18 on: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html"""


def _sources(code: _Code) -> Iterator[str]:
    """The texts of the handler's file and of the files of the folder that it imports at any depth."""
    root = code.folder.resolve()
    module = re.sub(r"\.[^./]*$", "", code.handler)
    waiting = [file for file in (_source(root / module, root),) if file] if module else []
    seen = set(waiting)
    while waiting and len(seen) <= MAX_SOURCES:
        file = waiting.pop(0)
        text = _read(file)
        yield text
        for name in _IMPORT.findall(text):
            found = _source(file.parent / name, root) if name.startswith(".") else None
            if found and found not in seen:
                seen.add(found)
                waiting.append(found)


def _source(path: Path, root: Path) -> Path | None:
    """The file that an import without a suffix, of a folder, or of what TypeScript compiles means."""
    bare = path.with_suffix("") if path.suffix in _SUFFIXES else path
    for stem in (path, bare, path / "index"):
        for suffix in _SUFFIXES:
            file = Path(f"{stem}{suffix}")
            if file.is_file():
                return file if file.resolve().is_relative_to(root) else None
    return None


def _package(name: str) -> str:
    """The package of an imported name, such as `@scope/name` of `@scope/name/file`."""
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])


def _first_names(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
