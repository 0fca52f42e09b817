"""Where links lead: what a project is, and which links of a template leave it."""

from pathlib import Path

import pytest

from tapctl.errors import UsageError
from tapctl.packaging.links import leaving, project_of
from tapctl.template.load import load
from tests.support.golden import Golden
from tests.support.packaged import artifacts, data, entries, packaged, template

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="needs links")

TEMPLATE = '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Code": "code"}}}}'


@pytest.fixture
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder out of the project."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "secret.txt").write_text("secret")
    return folder


def link(folder: Path, target: Path | str, name: str = "code/linked") -> None:
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "index.py").write_text("")
    (folder / name).symlink_to(target)


@pytest.mark.parametrize("mark", [".git", "tapctl.toml"])
def test_a_project_is_a_repository_or_has_a_configuration(mark: str, tmp_path: Path) -> None:
    (tmp_path / "services" / "a").mkdir(parents=True)
    assert project_of(tmp_path / "services" / "a" / "template.yaml") == tmp_path / "services" / "a"
    (tmp_path / mark).mkdir()
    assert project_of(tmp_path / "services" / "a" / "template.yaml") == tmp_path


def test_a_repository_counts_before_a_configuration_in_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "tapctl.toml").mkdir(parents=True)
    (tmp_path / ".git").write_text("gitdir: elsewhere")  # as in a work tree
    assert project_of(tmp_path / "a" / "template.yaml") == tmp_path


def test_a_home_that_is_a_repository_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    assert project_of(tmp_path / "app" / "template.yaml") == tmp_path / "app"


@pytest.mark.parametrize("name", ["code", "code/linked", "code/inner"])
def test_a_link_out_of_the_project_is_refused_unless_it_is_allowed(
    name: str, tmp_path: Path, stranger: Path, golden: Golden
) -> None:
    if name == "code":
        (tmp_path / name).symlink_to(stranger)
    else:
        link(tmp_path, stranger if name == "code/linked" else stranger / "secret.txt", name)
    (tmp_path / "template.yaml").write_text(TEMPLATE)

    (found,) = leaving(load(str(tmp_path / "template.yaml")))
    with pytest.raises(UsageError) as raised:
        artifacts(template(tmp_path))
    golden(raised.value, stranger=stranger)

    package = packaged(template(tmp_path), outside=(found.target,))
    assert package.links == (found,)
    assert ("secret", 0o644) in entries(data(package.artifacts[0])).values()


def test_a_link_behind_an_allowed_one_is_not_allowed_with_it(
    tmp_path: Path, stranger: Path, tmp_path_factory: pytest.TempPathFactory, golden: Golden
) -> None:
    link(tmp_path, stranger)
    (stranger / "further").symlink_to(tmp_path_factory.mktemp("third"))

    with pytest.raises(UsageError) as refused:
        packaged(template(tmp_path), outside=(stranger,))
    golden(refused.value, stranger=stranger, third=(stranger / "further").resolve())


def test_the_folder_of_a_repository_is_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("token")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    link(tmp_path, tmp_path / ".git")

    assert [found.target.name for found in leaving(load(str(tmp_path / "template.yaml")))] == [".git"]


def test_a_link_of_a_nested_templates_code_is_found(tmp_path: Path, stranger: Path) -> None:
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "template.yaml").write_text(TEMPLATE)
    link(tmp_path / "nested", stranger)
    nested = '{"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "nested/template.yaml"}}'
    (tmp_path / "template.yaml").write_text(f'{{"Resources": {{"N": {nested}}}}}')

    assert [found.target for found in leaving(load(str(tmp_path / "template.yaml")))] == [stranger]


def test_a_path_that_the_template_names_is_not_treated_as_a_link(tmp_path: Path, stranger: Path) -> None:
    (package,) = artifacts(template(tmp_path, f'"{stranger}"'))
    assert entries(data(package)) == {"secret.txt": ("secret", 0o644)}
