"""Consent to what links lead to out of the project."""

from pathlib import Path

import pytest

from tapctl.cli.context import consent_to_links
from tapctl.cli.terminal import Terminal
from tapctl.errors import UsageError
from tapctl.template.model import Template
from tests.support.golden import Golden
from tests.support.packaged import template

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="needs links")


@pytest.fixture
def leaving(tmp_path: Path) -> Template:
    """A template in a project with a link that leads out of it."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "project" / "code").mkdir(parents=True)
    (tmp_path / "project" / "code" / "index.py").write_text("")
    (tmp_path / "project" / "code" / "linked").symlink_to("../../secrets")
    return template(tmp_path / "project")


def test_without_a_terminal_only_the_option_allows_it(leaving: Template, golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        consent_to_links(leaving, Terminal(), allowed=False)
    golden(raised.value)
    assert consent_to_links(leaving, Terminal(), allowed=True) == (Path("/"),)


def test_nothing_is_asked_where_no_link_leaves(tmp_path: Path, function_folder: Path) -> None:
    (function_folder / "linked").symlink_to("inner")
    assert consent_to_links(template(tmp_path), Terminal(), allowed=False) == ()
