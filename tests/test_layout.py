"""Every test file has the path of the module that it tests: `tests/a/b/test_c[_aspect].py` is of `tapctl/a/b/c.py`."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
EXCEPTIONS = (
    "cli/test_bad_input.py",  # every command
    "cli/test_contracts.py",
    "cli/test_help.py",
    "cli/test_imports.py",
    "cli/test_main_job.py",
    "concurrency/test_account_model.py",  # judge, against a model of an account
    "function",  # the reference function, by behaviour
    "soak",
    "stack",  # the reference template
    "support",
    "benchmarks",  # that each of them starts
    "test_action.py",  # action.yml and what else other repositories copy
    "test_docs.py",
    "test_install.py",  # the wheel
    "test_layout.py",
    "test_schemas.py",  # data of the package
    "test_structure.py",
)


def files() -> list[str]:
    found = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py"))
    return [file for file in found if not file.startswith(EXCEPTIONS)]


def modules(test: str) -> list[Path]:
    """The paths that the module of a test may have: a module, a package, or the package that the test's folder is."""
    folder = ROOT / "tapctl" / Path(test).parent
    words = Path(test).stem.removeprefix("test_").split("_")
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    packages = [folder / "__init__.py"] if folder.name in names else []
    return [path for name in names for path in (folder / f"{name}.py", folder / name / "__init__.py")] + packages


def test_each_test_file_mirrors_a_module() -> None:
    lost = [test for test in files() if not any(path.exists() for path in modules(test))]
    assert lost == [], "tests/a/b/test_c.py tests tapctl/a/b/c.py: rename it, or add it to `EXCEPTIONS`"


def test_each_exception_exists() -> None:
    assert [path for path in EXCEPTIONS if not (TESTS / path).exists()] == []


def test_each_golden_file_has_a_test_module_that_uses_it() -> None:
    texts = list(TESTS.rglob("golden/*.txt"))
    modules = [path.parents[1] / f"{path.stem}.py" for path in texts]

    unused = [str(path) for path in modules if not path.exists() or "golden" not in path.read_text()]
    assert unused == [], "delete its golden file"
