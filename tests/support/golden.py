"""What is printed, kept beside the tests: `tests/<room>/golden/<module>.txt` has a section for each test.

`pytest --golden` writes the sections of the tests that run, and drops those of tests that no longer exist when whole
modules run; without it they are compared. A reviewer reads a change of wording as the diff of these files.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tapctl.errors import TapctlError
from tapctl.hints import Hint
from tapctl.report.hints import worded
from tests.support.shared_sandbox import ACCOUNT

HEADER = "=== {} ==="
_SECTION = re.compile(r"(?m)^=== (.*) ===\n")
ROOT = Path(__file__).parents[2]


def shown(value: object) -> str:
    """A value as golden files show it: an error with its class, exit code and hint, a list item by item."""
    match value:
        case TapctlError():
            hint = f"\nhint: {worded(value.hint)}" if value.hint else ""
            return f"{type(value).__name__} ({int(value.exit_code)}): {value.message}{hint}"
        case Hint():
            return f"{value.advice.name.lower().replace('_', '-')}: {worded(value)}"
        case Mapping():
            return "\n".join(f"{key}: {shown(item)}" for key, item in value.items())
        case list() | tuple():
            return "\n".join(shown(item) for item in value)
        case _:
            return str(value)


def sections(file: Path) -> dict[str, str]:
    """The golden texts of one test module by their names."""
    if not file.exists():
        return {}
    parts = _SECTION.split(file.read_text(encoding="utf-8"))[1:]
    return {name: text.strip("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}


class Golden:
    """Compares what a test printed with its golden text, or writes that."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        module = Path(str(request.node.path))
        self.file = module.parent / "golden" / f"{module.stem}.txt"
        self.name = request.node.nodeid.partition("::")[2]
        self.writes = bool(request.config.getoption("--golden"))
        self.replaced = {str(folder): "<tmp>", str(ROOT): "<root>"}
        self.asked: dict[str, str] = {}
        self.session = request.session
        self.failures = request.session.testsfailed

    def __call__(self, printed: object, name: str = "", **replaced: object) -> None:
        """`printed` as `shown` has it; `name` tells several of one test apart.

        Folders are replaced by `<tmp>` and `<root>`, the account in the sandbox by 000000000000, further values by
        the names that they are given with.
        """
        text = shown(printed)
        for value, placeholder in (
            *((str(value), f"<{key}>") for key, value in replaced.items()),
            *self.replaced.items(),
        ):
            text = text.replace(value, placeholder)
        text = ACCOUNT.sub("0" * 12, text)
        text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
        section = f"{self.name} {name}".strip()
        assert section not in self.asked, f"two golden texts of one test need a name each: {section}"
        self.asked[section] = text
        if not self.writes:
            expected = sections(self.file).get(section)
            assert expected is not None, f"no section {section} in {self._next_step()}"
            assert text == expected, f"{section} differs from {self._next_step()}\n{_diff(expected, text)}"

    def _next_step(self) -> str:
        """The file, and what to do about it."""
        file, folder = (_from_root(path) for path in (self.file, self.file.parents[1]))
        return f"{file}: if it is meant, `pytest --golden {folder}/{self.file.stem}.py` writes it; review the diff"

    def save(self) -> None:
        """Write the sections of this test, and drop those that no test writes any more."""
        if self.writes and self.asked:
            kept = {name: text for name, text in sections(self.file).items() if self._is_current(name)}
            texts = dict(sorted({**kept, **self.asked}.items()))
            self.file.parent.mkdir(exist_ok=True)
            body = "\n".join(f"{HEADER.format(name)}\n{text}\n" for name, text in texts.items())
            self.file.write_text(body, encoding="utf-8")

    def _is_current(self, section: str) -> bool:
        """Whether a test may still write the section: this one, if it failed halfway, or another of the module."""
        if _belongs(section, self.name):
            return self.session.testsfailed > self.failures
        return _is_partial(self.session.config) or any(
            _belongs(section, item.nodeid.partition("::")[2])
            for item in self.session.items
            if item.path.stem == self.file.stem and "golden" in getattr(item, "fixturenames", ())
        )


def _from_root(path: Path) -> str:
    return (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()


def _diff(expected: str, text: str) -> str:
    return "\n".join(difflib.unified_diff(expected.splitlines(), text.splitlines(), "golden", "printed", lineterm=""))


def _belongs(section: str, test: str) -> bool:
    return section == test or section.startswith(f"{test} ")


def _is_partial(config: pytest.Config) -> bool:
    """Whether tests were chosen inside of modules, so that those that are not there may exist all the same."""
    options = (config.option.keyword, config.option.markexpr, config.getoption("lf", default=False))
    return any(options) or any("::" in argument for argument in config.args)


@pytest.fixture
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Golden]:
    """The golden texts of this test."""
    texts = Golden(request, tmp_path)
    yield texts
    texts.save()
