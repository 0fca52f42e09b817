"""What is written where, and what is not."""

from pathlib import Path

import pytest

from tapctl.errors import UsageError
from tapctl.source_fix.file_edit import FileEdit, write
from tests.support.golden import Golden


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, which is the working folder, beside a file that does not belong to it."""
    (tmp_path / "outside.yaml").write_text("old")
    folder = tmp_path / "checkout"
    (folder / ".git").mkdir(parents=True)
    (folder / "infra").mkdir()
    (folder / "inside.yaml").write_text("old")
    monkeypatch.chdir(folder)
    return folder


def edit(*files: str) -> list[FileEdit]:
    return [FileEdit(file, "old", "new") for file in files]


@pytest.mark.parametrize("link", ["t.yaml", "linked/outside.yaml"], ids=["a-file", "a-folder"])
def test_a_link_out_of_the_repository_is_not_followed(checkout: Path, link: str, golden: Golden) -> None:
    (checkout / "t.yaml").symlink_to("../outside.yaml")
    (checkout / "linked").symlink_to("..")
    with pytest.raises(UsageError) as caught:
        write(edit("inside.yaml", link))
    golden(caught.value)
    texts = [path.read_text() for path in (checkout / "inside.yaml", checkout.parent / "outside.yaml")]
    assert texts == ["old", "old"]


def test_a_link_within_the_repository_is_followed(checkout: Path) -> None:
    (checkout / "infra" / "t.yaml").symlink_to("../inside.yaml")
    write(edit("infra/t.yaml"))
    assert (checkout / "inside.yaml").read_text() == "new"


def test_a_file_outside_may_be_named(checkout: Path) -> None:
    write(edit("../outside.yaml"))
    assert (checkout.parent / "outside.yaml").read_text() == "new"


def test_without_a_repository_the_working_folder_is_the_bound(checkout: Path) -> None:
    (checkout / ".git").rmdir()
    (checkout / "t.yaml").symlink_to("../outside.yaml")
    with pytest.raises(UsageError):
        write(edit("t.yaml"))
