from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tapctl.errors import UsageError
from tests.support.golden import Golden, sections, shown
from tests.support.hints import noted

TEXTS = """=== test_a ===
old

=== test_a second ===
old

=== test_b[x y] ===
old

=== test_gone ===
old
"""


def golden(folder: Path, *, writes: bool, keyword: str = "", tests: tuple[str, ...] = ("test_a", "test_b[x y]")) -> Any:
    """The golden texts of `test_a` in a module that has these tests."""
    module = folder / "test_it.py"

    def item(name: str) -> SimpleNamespace:
        return SimpleNamespace(nodeid=f"test_it.py::{name}", path=module, fixturenames=["golden"])

    option = SimpleNamespace(keyword=keyword, markexpr="")
    config = SimpleNamespace(
        option=option, args=["test_it.py"], getoption=lambda name, default=None: writes and name == "--golden"
    )
    session = SimpleNamespace(items=[item(name) for name in tests], testsfailed=0, config=config)
    request: Any = SimpleNamespace(node=item("test_a"), config=config, session=session)
    return Golden(request, folder / "tmp")


def file(folder: Path, text: str = TEXTS) -> Path:
    path = folder / "golden" / "test_it.txt"
    path.parent.mkdir()
    path.write_text(text)
    return path


def test_a_text_is_compared_with_its_section(tmp_path: Path) -> None:
    file(tmp_path)

    golden(tmp_path, writes=False)("old")
    with pytest.raises(AssertionError) as failed:
        golden(tmp_path, writes=False)("new")

    next_step, *diff = str(failed.value).splitlines()
    assert next_step.startswith("test_a differs from ")
    assert f"`pytest --golden {tmp_path}/test_it.py`" in next_step
    assert diff[-2:] == ["-old", "+new"]


def test_a_text_without_a_section_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"no section test_a third in .*`pytest --golden \S+/test_it.py`"):
        golden(tmp_path, writes=False)("new", "third")


def test_text_that_differs_from_run_to_run_is_replaced(tmp_path: Path) -> None:
    path = file(tmp_path)
    texts = golden(tmp_path, writes=True)

    texts(f"{tmp_path / 'tmp'}/a in account 200000000017 on port 4711  \n", port=4711)
    texts.save()

    assert sections(path)["test_a"] == "<tmp>/a in account 000000000000 on port <port>"


def test_writing_replaces_the_sections_of_the_test_and_drops_those_of_tests_that_are_gone(tmp_path: Path) -> None:
    path = file(tmp_path)
    texts = golden(tmp_path, writes=True)

    texts("new")
    texts.save()

    assert sections(path) == {"test_a": "new", "test_b[x y]": "old"}


def test_a_run_of_chosen_tests_drops_no_other_section(tmp_path: Path) -> None:
    path = file(tmp_path)
    texts = golden(tmp_path, writes=True, keyword="test_a", tests=("test_a",))

    texts("new")
    texts.save()

    assert sections(path) == {"test_a": "new", "test_b[x y]": "old", "test_gone": "old"}


def test_a_test_that_fails_halfway_keeps_the_sections_that_it_did_not_reach(tmp_path: Path) -> None:
    path = file(tmp_path)
    texts = golden(tmp_path, writes=True)

    texts("new")
    texts.session.testsfailed = 1
    texts.save()

    assert sections(path)["test_a second"] == "old"


def test_two_texts_of_one_test_need_names(tmp_path: Path) -> None:
    texts = golden(tmp_path, writes=True)
    texts("a")

    texts("b", "second")
    with pytest.raises(AssertionError):
        texts("c")


def test_an_error_is_shown_with_class_exit_code_and_hint() -> None:
    assert shown(UsageError("no stack", noted("name one"))) == "UsageError (2): no stack\nhint: name one"
    assert shown([1, {"a": "b"}]) == "1\na: b"
    assert shown(noted("name one")) == "as-written: name one"
