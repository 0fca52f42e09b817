"""The shape of the code: how far a reader has to go, how long a piece is, and which words are used."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tapctl"

REGISTRIES = ("tapctl.cli.app", "tapctl.limits", "tapctl.report.formats", "tapctl.sandbox.extension")
"""Modules that list others as rows or commands, beside every package that does so in its `__init__`."""

FORBIDDEN_WORDS = re.compile(
    r"(?<![a-z])(anew|mend(s|ed|ing)?|somebody|whoever|hangs?[ _]on|hung[ _]on|thereof)(?![a-z])", re.IGNORECASE
)
"""docs/glossary.md has the words to use instead."""

FIRST_COMMIT_WITH_RULES = "452903f"
NOT_IMPERATIVE = re.compile(r"^(\w+(ed|ing)|Adds|Fixes|Removes|Updates|Changes|Makes)\b")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module, which many rules search: the walk takes longer than the parse."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name; a package stands for its `__init__`."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }


def importers() -> dict[str, set[str]]:
    """The modules that import each module."""
    found: dict[str, set[str]] = defaultdict(set)
    known = modules()
    for name, path in known.items():
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and node.module in known:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    found[full if full in known else node.module].add(name)
    return found


def test_one_offline_preflight_enters_at_most_45_files(tmp_path: Path) -> None:
    limits = {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}
    snapshot = tmp_path / "account.json"
    snapshot.write_text(json.dumps({"schema": "tapctl.account/1", "limits": limits}))
    program = ROOT / "tests" / "support" / "entered_files.py"
    finished = subprocess.run(
        [sys.executable, str(program), str(snapshot)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    entered = json.loads(finished.stdout)
    assert (entered["code"], len(entered["files"]) <= 45) == (3, True), entered["files"]


def test_at_most_30_modules_have_one_importer() -> None:
    known = modules()
    single = {
        name: importer
        for name, (importer, *others) in importers().items()
        if not others and importer not in REGISTRIES and known[importer].name != "__init__.py"
    }
    assert len(single) <= 30, f"put one of them into the module that imports it: {single}"


def test_at_most_six_modules_stand_beside_the_rooms() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 6


CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def test_the_layers_are_at_most_twelve() -> None:
    assert len(next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")) <= 12


@pytest.mark.parametrize(
    ("library", "importers"), [("boto3", {"aws"}), ("cfnlint", {"template"}), ("typer", {"cli", "report"})]
)
def test_import_linter_keeps_a_library_from_every_other_room(library: str, importers: set[str]) -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    forbidden = [
        {module.removeprefix("tapctl.") for module in contract["source_modules"]}
        for contract in CONTRACTS
        if contract["type"] == "forbidden" and library in contract["forbidden_modules"]
    ]
    assert max(forbidden, key=len) == rooms - importers - {"__init__", "__main__"}, "add the room to the contract"


SHORT_CODE = ("tapctl", "function", "benchmarks", "docs")


@pytest.mark.parametrize("folder", SHORT_CODE)
def test_no_module_is_longer_than_350_lines(folder: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert {str(path): length for path, length in lengths.items() if length > 350} == {}, "split the module"


def bodies(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file with the lines of its body, the docstring aside."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("folder", SHORT_CODE)
def test_no_function_body_is_longer_than_40_lines(folder: str) -> None:
    lengths = dict(body for path in (ROOT / folder).rglob("*.py") for body in bodies(path))
    assert {name: length for name, length in lengths.items() if length > 40} == {}, "split the function"


ROOMS_OF_WORDS = ("cli", "report")
ROOMS_WITHOUT_OPTIONS = ("concurrency", "template", "account", "limits", "aws")
COMMAND, OPTION = re.compile(r"`(tapctl|aws|sam|cdk|cfn-lint|uv|pip|npm|git)[ `]"), re.compile(r"(?<![\w-])--[a-z]")
CFN_LINT_ARGUMENTS = {"--config-file", "--template", "--format", "--regions"}


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The line and text of every string literal of a module, without docstrings of any kind."""
    docstrings = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def spelled(pattern: re.Pattern[str], path: Path) -> list[str]:
    """The literals of a module in which the pattern is."""
    return [f"{path.relative_to(PACKAGE)}:{line}: {text}" for line, text in literals(path) if pattern.search(text)]


def test_only_commands_and_reports_spell_a_command() -> None:
    """A next step is an advice; mypy refuses text as a hint, and this refuses a command in any other text."""
    others = [
        path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in ROOMS_OF_WORDS
    ]
    assert [text for path in others for text in spelled(COMMAND, path)] == [], "make it an advice of tapctl/hints/"


@pytest.mark.parametrize("room", ROOMS_WITHOUT_OPTIONS)
def test_the_judgement_and_its_inputs_spell_no_option(room: str) -> None:
    found = [text for path in sorted((PACKAGE / room).rglob("*.py")) for text in spelled(OPTION, path)]
    unknown = [text for text in found if text.rpartition(": ")[2] not in CFN_LINT_ARGUMENTS]
    assert unknown == [], "make it an advice of tapctl/hints/"


def test_only_the_aws_room_takes_a_client() -> None:
    """The other rooms call typed functions of `tapctl.aws`, or operations by their API names."""
    modules_outside = (path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(PACKAGE / "aws"))
    taken = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in modules_outside
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "client"
    ]
    assert taken == [], "call a function of tapctl/aws/, or `aws.call`"


def test_each_public_class_name_has_one_meaning() -> None:
    modules: dict[str, list[str]] = {}
    for path in (path for folder in ("tapctl", "function") for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.iter_child_nodes(nodes(path)[0]):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in modules.items() if len(places) > 1} == {}, "rename one of them"


WORDED_BY_AWS = ("sandbox", "stacks/causes")
"""Rooms that repeat what AWS says, or recognize it; so do patterns with a backslash."""


def phrases(text: str) -> set[tuple[str, ...]]:
    """Every four words in a row of a text, commands aside."""
    parts = re.split(r"[^A-Za-z' -]+", re.sub(r"`[^`]*`", ".", text.replace("\\", "")))
    return {words for part in parts for words in zip(*(part.split()[start:] for start in range(4)), strict=False)}


@cache
def printed() -> set[tuple[str, ...]]:
    """The phrases of what tapctl prints."""
    aws = tuple(PACKAGE / room for room in WORDED_BY_AWS)
    own = [path for path in PACKAGE.rglob("*.py") if not any(path.is_relative_to(room) for room in aws)]
    texts = [text for path in own for _, text in literals(path) if "\\" not in text]
    return {words for text in texts for words in phrases(text)}


def asserted(path: Path) -> Iterator[tuple[int, str]]:
    """The line and text of every literal in the condition of an assertion or in the pattern of `match`."""
    for node in nodes(path):
        condition = node.test if isinstance(node, ast.Assert) else None
        if isinstance(node, ast.keyword) and node.arg == "match":
            condition = node.value
        for literal in ast.walk(condition) if condition else ():
            if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                yield literal.lineno, literal.value


def test_assertions_quote_no_sentence_of_what_is_printed() -> None:
    """They name codes, fields and values; the wording is kept in golden files."""
    tests = [path for path in (ROOT / "tests").rglob("*.py") if not path.is_relative_to(ROOT / "tests" / "sandbox")]
    quoted = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted(tests)
        for line, text in asserted(path)
        if phrases(text) & printed()
    ]
    assert quoted == [], "\n".join(quoted)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        *((folder, {"each", "one", "e", "f", "x"}) for folder in ("tapctl", "function")),
        *((folder, {"each"}) for folder in ("benchmarks", "docs", "tests")),
    ],
)
def test_a_loop_variable_names_what_it_holds(folder: str, words: set[str]) -> None:
    loops = [
        f"{path.relative_to(ROOT)}:{node.iter.lineno}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in nodes(path)
        if isinstance(node, ast.For | ast.comprehension)
        if words & {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
    ]
    assert loops == [], "rename the variable to what it holds"


def test_the_forbidden_words_are_not_used() -> None:
    folders = ("tapctl", "function", "stack", "tests", "benchmarks", "docs", "action", "examples", "evidence")
    files = [
        path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md", ".json"}
    ]
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in [*files, ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN_WORDS.search(line)
    ]
    assert lines == [], "docs/glossary.md has the words to use instead"


def test_the_glossary_has_at_most_40_terms() -> None:
    rows = re.findall(r"(?m)^\| (?!word |---)(.+?) \|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))
    assert 20 <= len(rows) <= 40


def test_commit_subjects_are_imperative_and_short() -> None:
    asked = ["git", "log", "--no-merges", "--format=%s", f"{FIRST_COMMIT_WITH_RULES}..HEAD"]
    log = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    if log.returncode:
        pytest.skip("no git history here")
    wrong = [subject for subject in log.stdout.splitlines() if len(subject) > 72 or NOT_IMPERATIVE.match(subject)]
    assert wrong == [], "reword the commit: imperative, and at most 72 characters"
