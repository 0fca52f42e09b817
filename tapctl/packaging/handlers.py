"""Finds handlers that name a file or function that is missing from the function's package, or import what it lacks.

Only certain errors are reported: a layer, a dependency or a build may add a missing file, and code may define names
while it runs. Sources: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html, nodejs-handler.html there, and
the resolution in https://github.com/aws/aws-lambda-nodejs-runtime-interface-client (src/UserFunction.js).
"""

import ast
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tapctl.errors import UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.packaging import REQUIREMENTS
from tapctl.resource_types import FUNCTION
from tapctl.settings.config_file import FunctionConfig
from tapctl.template.local_paths import Local, PathKind, is_there, local_paths
from tapctl.template.model import Template
from tapctl.template.nested import StackTree
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

_CORRECT_HANDLER = advise(DeployAdvice.CORRECT_HANDLER)


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why Lambda cannot start a handler, as the end of a sentence."""

    text: str
    hint: Hint = _CORRECT_HANDLER


_LARGEST = 2_000_000
"""Bytes of a source that is read."""


@dataclass(frozen=True, slots=True)
class CodePackage:
    """The files of a function's package: the names in one of its folders, and the text of a file."""

    entries: Callable[[str], frozenset[str]]
    text: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class WrongHandler:
    """A function whose handler is not in its package, and the place of the handler in the template."""

    message: str
    hint: Hint
    file: str
    line: int


def wrong_handlers(tree: StackTree, config: FunctionConfig) -> Iterator[WrongHandler]:
    """The functions of a template and its nested ones whose handler is certainly not in their code."""
    for member in tree.members():
        resolver, source = member.resolver, member.resolver.template.source
        written = Template(source, source.value)
        places = {local.owner: local for local in local_paths(written) if local.slot.kind is PathKind.CODE}
        for resource in resolver.template.resources():
            name = resource.logical_id
            if resource.type != FUNCTION or resolver.exists(resource.condition, ("Resources", name)) is False:
                continue
            if (function := _function(resolver, name)) is None:
                continue
            if local := places.get(name):
                path = Path(source.file).parent / local.name
                if not is_there(path):
                    continue  # a missing path has a finding of its own
                installs = (path / REQUIREMENTS).is_file() or isinstance(config.requirements, str)
                problem = _in_code(function, local, path, installs=installs)
            else:
                problem = _problem_in(function, inline, "its code") if (inline := _inline(function)) else None
            if problem:
                line = written.line("Resources", name, "Properties", "Handler")
                yield WrongHandler(f"{member.prefix}{name}: {problem.text}", problem.hint, source.file, line)


def refuse_wrong_handler(local: Local, path: Path, resolver: Resolver, installed: Path | None) -> None:
    """Raise `UsageError` for a handler that is neither in the code nor in the dependencies installed for it."""
    function = _function(resolver, local.owner) if local.slot.kind is PathKind.CODE else None
    if function and (problem := _in_code(function, local, path, installed)):
        raise UsageError(f"{local.owner}: {problem.text}", problem.hint)


@dataclass(frozen=True, slots=True)
class _Function:
    """The properties that decide where Lambda looks for a handler; `code` is the template's property of that name."""

    handler: str
    runtime: str
    layers: bool
    code: Any


def _function(resolver: Resolver, name: str) -> _Function | None:
    """None where the handler is unknown, another program starts it, or the runtime is one that is not judged."""
    entry = resolver.template.body["Resources"].get(name, {})
    given = entry.get("Properties") or {}
    names = ("Handler", "Runtime", "Environment", "Layers", "Code")
    values = {key: resolver.value(given.get(key), ("Resources", name, "Properties", key)) for key in names}
    handler, runtime, environment = values["Handler"], values["Runtime"], values["Environment"]
    variables = environment.get("Variables") if isinstance(environment, dict) else environment
    if isinstance(variables, Unknown) or _MOVES_HANDLER & {*(variables or ())}:
        return None
    judged = isinstance(handler, str) and isinstance(runtime, str) and runtime.startswith(_RUNTIMES)
    if not judged or handler.startswith("/") or ".." in handler:
        return None
    return _Function(handler, runtime, bool(values["Layers"]), values["Code"])


_RUNTIMES = ("python", "nodejs")

_MOVES_HANDLER = {"AWS_LAMBDA_EXEC_WRAPPER", "NODE_PATH", "PYTHONPATH"}
"""Variables with which the handler may be another one, or elsewhere."""


def _in_code(
    function: _Function, local: Local, path: Path, installed: Path | None = None, *, installs: bool = False
) -> _Problem | None:
    """The problem of a handler in local code; with `installs`, dependencies may still add its file."""
    if not str(local.metadata.get("BuildMethod", function.runtime)).startswith(_RUNTIMES):
        return None
    try:
        if (package := _package(path)) is None:
            return None
        if installed:
            package = _with_installed(package, _folder(installed))
        may_come = function.layers or (installs and function.runtime.startswith("python"))
        return _problem_in(function, package, local.name, complete=not may_come)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile):
        return None  # packaging says what cannot be read


def _problem_in(function: _Function, package: CodePackage, where: str, *, complete: bool = True) -> _Problem | None:
    judge = _python if function.runtime.startswith("python") else _nodejs
    problem = judge(function.handler, package, where, complete)
    return replace(problem, text=f"its handler {function.handler} {problem.text}") if problem else None


def _python(handler: str, package: CodePackage, where: str, complete: bool) -> _Problem | None:
    module, dot, symbol = handler.rpartition(".")
    if not dot or not module:
        return _Problem("is not MODULE.FUNCTION")
    path = module.replace(".", "/")
    folder, _, name = path.rpartition("/")
    entries, inner = package.entries(folder), package.entries(path)
    if "__init__.py" in inner:
        file = f"{path}/__init__.py"
    elif f"{name}.py" in entries:
        file = f"{path}.py"
    elif any(entry.startswith(f"{name}.") and entry.endswith((".so", ".pyc")) for entry in entries):
        return None
    else:
        return _Problem(f"names no file: {where} has no {path}.py") if complete else None
    is_submodule = bool({symbol, f"{symbol}.py"} & inner)
    if not is_submodule and not _defines(package.text(file), symbol):
        return _Problem(f"names no function: {file} has no {symbol}")
    return _missing_import(file, package, where) if complete else None


_EXPORTED_BY = {
    "uv.lock": "uv export --no-dev --no-emit-project --output-file requirements.txt",
    "poetry.lock": "poetry export --output requirements.txt",
    "Pipfile": "pipenv requirements > requirements.txt",
    "pyproject.toml": "uv pip compile pyproject.toml --output-file requirements.txt",
}
"""The command that writes a requirements.txt, from which a deploy installs the wheels."""

_OF_RUNTIME = frozenset({"python", "boto3", "botocore", "jmespath", "s3transfer", "urllib3"})
"""The SDK, which Lambda's runtime has, and what it brings."""


def _missing_import(file: str, package: CodePackage, where: str) -> _Problem | None:
    """The import of a dependency that only a manifest beside the module names."""
    entries = package.entries("")
    manifest = next((name for name in ("pyproject.toml", "Pipfile") if name in entries), "")
    if not manifest or REQUIREMENTS in entries:
        return None
    there = {entry.partition(".")[0] for entry in entries}
    imported = re.findall(r"^(?:import|from)[ \t]+(\w+)", package.text(file), re.MULTILINE)
    missing = [name for name in imported if name in _declared(package.text(manifest)) and name not in there]
    if not missing:
        return None
    command = next(command for name, command in _EXPORTED_BY.items() if name in entries)
    lacks = f"which {where} does not have: {manifest} names it, but there is no {REQUIREMENTS}"
    return _Problem(f"imports {missing[0]}, {lacks}", advise(DeployAdvice.RUN_COMMAND, command, where))


def _declared(manifest: str) -> set[str]:
    """The modules that a pyproject.toml or a Pipfile asks for at run time, where packages have their names."""
    import tomllib

    try:
        content: Any = tomllib.loads(manifest)
        poetry = content.get("tool", {}).get("poetry", {}).get("dependencies", {})
        entries = [*content.get("project", {}).get("dependencies", []), *poetry, *content.get("packages", {})]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return set()
    names = (re.match(r"[\w.-]*", str(entry)) for entry in entries)
    return {re.sub(r"[.-]", "_", match[0]).lower() for match in names if match} - _OF_RUNTIME


_DYNAMIC = re.compile(r"import \*|\b(?:globals|locals|vars|exec|eval|setattr|__dict__|__getattr__|sys\.modules)\b")


def _defines(source: str, symbol: str) -> bool:
    """Whether a Python module defines the name, or may do so while it runs."""
    if re.search(rf"^(?:async )?def {re.escape(symbol)}\b", source, re.MULTILINE) or _DYNAMIC.search(source):
        return True
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # another version of Python may take it
        return True
    declared = (name for node in ast.walk(module) if isinstance(node, ast.Global) for name in node.names)
    return symbol in declared or symbol in _bound(module)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that the statements of a module bind, also within branches and loops."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield child.name
                continue
            case ast.Lambda():
                continue
            case ast.alias():
                yield child.asname or child.name.partition(".")[0]
            case ast.Name(ctx=ast.Store()):
                yield child.id
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name
        yield from _bound(child)


_EXTENSIONS = (".js", ".mjs", ".cjs")


def _nodejs(handler: str, package: CodePackage, where: str, complete: bool) -> _Problem | None:
    folder, slash, file = handler.rpartition("/")
    module, dot, symbol = file.partition(".")
    if not dot or not module:
        return _Problem("is not FILE.EXPORT")
    entries = package.entries(folder)
    if module in entries or module in package.entries("node_modules"):
        return None
    found = [f"{folder}{slash}{module}{extension}" for extension in _EXTENSIONS if f"{module}{extension}" in entries]
    if not found:
        built = f", only {module}.ts, which a build compiles" if f"{module}.ts" in entries else ""
        return _Problem(f"names no file: {where} has no {folder}{slash}{module}.js{built}") if complete else None
    exported = len(found) > 1 or _exports(package.text(found[0]), symbol.partition(".")[0])
    return None if exported else _Problem(f"names no function: {found[0]} does not export {symbol}")


_PLAIN_EXPORTS = re.compile(
    r"(?:module\.)?\bexports\.[\w$]+|(?:module\.)?\bexports\s*=\s*\{[\w$\s,:'\"]*\}|[\"']use strict[\"']"
)
"""CommonJS exports whose names stand in the text."""


def _exports(source: str, symbol: str) -> bool:
    """Whether a JavaScript module exports the name, or may do so: the name in its text is enough."""
    if re.search(rf"(?<![\w$]){re.escape(symbol)}(?![\w$])", source):
        return True
    return bool(re.search(r"\bexports\b|\bexport\s*\*|\beval\b|\\[xu]", _PLAIN_EXPORTS.sub("", source)))


def _inline(function: _Function) -> CodePackage | None:
    """Code that the template holds, as the file `index`; a placeholder that defines nothing does not count."""
    code = function.code.get("ZipFile") if isinstance(function.code, dict) else None
    if not isinstance(code, str) or not re.search(r"\bdef |\bexports?\b", code):
        return None
    return _of({f"index.{'py' if function.runtime.startswith('python') else 'js'}": lambda: code})


def _package(path: Path) -> CodePackage | None:
    """The package of a local path; None where there is nothing."""
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        return None
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
        return _of({name: _in_zip(path, name) for name in names})
    return _of({path.name: lambda: _read(path)})


def _of(files: Mapping[str, Callable[[], str]]) -> CodePackage:
    """The package with these files, by their names in it."""

    def entries(folder: str) -> frozenset[str]:
        start = f"{folder}/" if folder else ""
        return frozenset(name[len(start) :].partition("/")[0] for name in files if name.startswith(start))

    return CodePackage(entries, lambda name: files[name]())


def _in_zip(path: Path, name: str) -> Callable[[], str]:
    def text() -> str:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            return _decoded(file.read(_LARGEST + 1))

    return text


def _folder(root: Path) -> CodePackage:
    def entries(folder: str) -> frozenset[str]:
        try:
            # By their names: not every file system heeds case.
            return frozenset(entry.name for entry in (root / folder).iterdir())
        except OSError:
            return frozenset()

    return CodePackage(entries, lambda name: _read(root / name))


def _with_installed(own: CodePackage, installed: CodePackage) -> CodePackage:
    """The function's own files and those of its dependencies; its own take precedence."""

    def text(name: str) -> str:
        folder, _, file = name.rpartition("/")
        return own.text(name) if file in own.entries(folder) else installed.text(name)

    return CodePackage(lambda folder: own.entries(folder) | installed.entries(folder), text)


def _read(path: Path) -> str:
    """The text of a source. Raises `ValueError` for one that is too large, or no file."""
    if not path.is_file():
        raise ValueError
    with path.open("rb") as file:
        return _decoded(file.read(_LARGEST + 1))


def _decoded(content: bytes) -> str:
    if len(content) > _LARGEST:
        raise ValueError
    return content.decode("utf-8", "replace")
