"""Requirements from a folder of wheels made here, by the pip of this interpreter; no index is asked."""

import json
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.packaging.dependencies import _check_wheels
from tapctl.packaging.lambda_platform import Platform, platform
from tapctl.settings.config_file import FunctionConfig
from tapctl.template.model import Template
from tests.support.packaged import artifacts, data, entries, packaged, written

ARM = Platform("3.12", "arm64")


def wheel(folder: Path, name: str, tag: str = "py3-none-any", *, requires: tuple[str, ...] = ()) -> None:
    """A wheel of one module that says what it was built for; one with a script, as many have."""
    info = f"{name}-1.0.dist-info"
    needed = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files = {
        f"{name}.py": f"built_for = '{tag}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needed}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD")))


@dataclass
class Project:
    """A template with one function, its folder, and wheels beside it."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "code").mkdir()
        (self.folder / "code" / "index.py").write_text("import first\n")

    def require(self, text: str, file: str = "code/requirements.txt") -> None:
        (self.folder / file).write_text(f"--no-index\n--find-links {self.folder / 'wheels'}\n{text}\n")

    def wheel(self, name: str, tag: str = "py3-none-any", requires: tuple[str, ...] = ()) -> None:
        wheel(self.folder / "wheels", name, tag, requires=requires)

    def template(self, runtime: str = "python3.12", architecture: str = "arm64", **more: Any) -> Template:
        properties = {"Code": "code", "Runtime": runtime, "Architectures": [architecture], **more}
        body = {"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
        return written(self.folder, json.dumps(body))

    def packed(self, config: FunctionConfig | None = None, **more: Any) -> dict[str, tuple[str, int]]:
        (artifact,) = packaged(self.template(**more), config, self.folder / "cache").artifacts
        return entries(data(artifact))

    def refused(self, **more: Any) -> UsageError:
        with pytest.raises(UsageError) as raised:
            self.packed(**more)
        return raised.value


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_wheels_are_chosen_for_the_functions_own_machine(project: Project) -> None:
    for tag in ("cp312-cp312-manylinux_2_34_aarch64", "cp312-cp312-manylinux2014_x86_64", "cp311-cp311-linux_x86_64"):
        project.wheel("first", tag)
    project.require("first")

    found = project.packed()

    assert found["first.py"][0] == "built_for = 'cp312-cp312-manylinux_2_34_aarch64'\n"
    assert found["index.py"][0] == "import first\n"


def test_markers_are_judged_by_that_machine_too(project: Project) -> None:
    project.wheel("there")
    project.wheel("deep")
    here = "platform_machine == 'aarch64' and python_version == '3.12' and sys_platform == 'linux'"
    project.wheel("first", requires=(f"deep; {here}", "missing; python_version != '3.12'"))
    project.require(f"first\nthere; {here}\nabsent; platform_machine != 'aarch64'")

    found = project.packed()

    assert {"first.py", "deep.py", "there.py"} <= set(found)


def test_nothing_in_the_zip_tells_where_it_was_made(project: Project) -> None:
    project.wheel("first")
    project.require("first")

    assert set(project.packed()) == {
        "first-1.0.dist-info/METADATA",
        "first-1.0.dist-info/WHEEL",
        "first-1.0.dist-info/entry_points.txt",
        "first.py",
        "index.py",
        "requirements.txt",
    }


def test_the_same_requirements_are_installed_once_and_give_the_same_key(project: Project, tmp_path: Path) -> None:
    project.wheel("first")
    project.require("first")
    keys = [packaged(project.template(), None, tmp_path / cache).artifacts[0].key for cache in ("a", "b")]
    (tmp_path / "wheels" / "first-1.0-py3-none-any.whl").unlink()

    again = packaged(project.template(), None, tmp_path / "a").artifacts[0].key

    assert keys == [again, again]
    assert len(list((tmp_path / "a").iterdir())) == 1


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        pytest.param(lambda project: project.require("first\n# a comment"), True, id="another text"),
        pytest.param(lambda project: (project.folder / "code" / "index.py").write_text(""), False, id="other code"),
    ],
)
def test_they_are_installed_anew_when_they_change(change: Any, anew: bool, project: Project) -> None:
    project.wheel("first")
    project.require("first")
    project.packed()
    change(project)
    project.packed()

    assert len(list((project.folder / "cache").iterdir())) == 1 + anew


def test_an_included_file_counts(project: Project) -> None:
    project.wheel("first")
    project.require("first", "more.txt")
    (project.folder / "code" / "requirements.txt").write_text("-r ../more.txt\n")
    assert "first.py" in project.packed()

    project.require("first>1", "more.txt")

    assert "pip finds no wheel of `first>1` for python3.12 on arm64" in project.refused().message


def test_a_package_without_a_wheel_for_the_machine_is_named(project: Project) -> None:
    project.wheel("first", "cp312-cp312-manylinux2014_x86_64")
    project.require("first==1.0")

    refused = project.refused()

    assert refused.message == "Fn: pip finds no wheel of `first==1.0` for python3.12 on arm64"
    assert refused.hint == "choose a version that has one, or leave it out here and bring it in a layer"
    assert not list((project.folder / "cache").iterdir())


def test_requirements_that_contradict_each_other_are_named(project: Project) -> None:
    project.wheel("shared")
    project.wheel("first", requires=("shared==1.0",))
    project.wheel("second", requires=("shared!=1.0",))
    project.require("first\nsecond")

    assert project.refused().message.startswith("Fn: the requirements contradict each other: ")


def test_a_line_that_is_no_requirement_is_shown(project: Project) -> None:
    project.require("first = 1")

    assert project.refused().message == "Fn: `first = 1` is no requirement"


def test_what_is_built_here_does_not_go_to_another_machine(project: Project) -> None:
    project.wheel("first", "cp312-cp312-linux_riscv64")
    folder = project.folder / "made"
    with zipfile.ZipFile(project.folder / "wheels" / "first-1.0-cp312-cp312-linux_riscv64.whl") as archive:
        archive.extractall(folder)

    with pytest.raises(UsageError, match=r"`first` was built for linux_riscv64, not for python3\.12 on arm64"):
        _check_wheels("Fn", ARM, folder)


def test_the_functions_own_file_wins_over_an_installed_one(project: Project) -> None:
    project.wheel("first")
    project.require("first")
    (project.folder / "code" / "first.py").write_text("mine = True\n")

    assert project.packed()["first.py"][0] == "mine = True\n"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        pytest.param("# nothing but a comment\n\n", {}, id="nothing is required"),
        pytest.param("missing\n", {"runtime": "nodejs22.x"}, id="not a Python function"),
        pytest.param("missing\n", {"config": FunctionConfig(requirements=False)}, id="switched off"),
    ],
)
def test_a_folder_may_go_as_it_is(text: str, more: dict[str, Any], project: Project) -> None:
    (project.folder / "code" / "requirements.txt").write_text(text)

    assert set(project.packed(**more)) == {"index.py", "requirements.txt"}


def test_a_folder_that_was_built_already_goes_as_it_is(project: Project) -> None:
    (project.folder / "code" / "requirements.txt").write_text("missing")
    (project.folder / "code" / "first-1.0.dist-info").mkdir()
    (project.folder / "code" / "first-1.0.dist-info" / "METADATA").write_text("")

    assert "index.py" in project.packed()


def test_a_file_that_the_configuration_names_counts_instead_for_its_folder(project: Project) -> None:
    project.wheel("first")
    project.require("missing")
    project.require("first", "production.txt")
    named = str(project.folder / "production.txt")

    assert "first.py" in project.packed(FunctionConfig(requirements=named))
    assert "first.py" in project.packed(FunctionConfig(requirements=named, source=str(project.folder / "code")))
    with pytest.raises(UsageError, match="pip finds no wheel of `missing`"):
        project.packed(FunctionConfig(requirements=named, source=str(project.folder / "other")))


def test_a_named_file_that_is_not_there_is_refused(project: Project) -> None:
    with pytest.raises(UsageError, match=r"there is no absent\.txt") as raised:
        project.packed(FunctionConfig(requirements="absent.txt"))

    assert raised.value.hint == "`requirements` in tapctl.toml names it"


def test_a_runtime_that_nobody_knows_is_asked_for(project: Project) -> None:
    project.require("first")
    body = project.template(Runtime={"Ref": "Version"}).body
    source = written(project.folder, json.dumps({"Parameters": {"Version": {"Type": "String"}}, **body}))

    with pytest.raises(UsageError, match="Fn: which wheels it needs hangs on its Runtime: ") as raised:
        artifacts(source)

    assert "Version" in (str(raised.value.hint) or "")


def test_a_layer_gets_them_below_python_where_it_says_how_it_is_built(project: Project) -> None:
    project.wheel("first")
    project.require("first")
    layer: dict[str, Any] = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": "code"}}
    built = {**layer, "Metadata": {"BuildMethod": "python3.12", "BuildArchitecture": "arm64"}}
    made = {**layer, "Metadata": {"BuildMethod": "makefile"}}
    found = [
        entries(data(artifacts(written(project.folder, json.dumps({"Resources": {"L": each}})))[0]))
        for each in (built, made, layer)
    ]

    assert ["python/first.py" in each for each in found] == [True, False, False]


@pytest.mark.parametrize(
    ("runtime", "architecture", "expected"),
    [
        pytest.param("python3.11", "x86_64", Platform("3.11", "x86_64"), id="Python"),
        pytest.param("nodejs22.x", "x86_64", None, id="another language"),
        pytest.param("provided.al2023", "arm64", None, id="none of its own"),
        pytest.param("python3.11", "riscv", None, id="an architecture that Lambda does not have"),
        pytest.param(None, "arm64", None, id="no runtime"),
    ],
)
def test_a_runtime_is_a_platform_of_wheels_where_it_runs_python(
    runtime: object, architecture: object, expected: Platform | None
) -> None:
    assert platform(runtime, architecture) == expected


def test_each_runtime_takes_wheels_up_to_its_own_glibc() -> None:
    assert ARM.tags[0] == "manylinux_2_34_aarch64"
    assert replace(ARM, python="3.11").tags[0] == "manylinux_2_26_aarch64"
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64"} < set(ARM.tags)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a link")
def test_requirements_behind_a_link_that_leads_out_are_not_even_read(project: Project, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hunter2\n")
    (project.folder / "code" / "requirements.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(UsageError, match=r"requirements\.txt is a link that leads out") as raised:
        project.packed()

    assert "hunter2" not in raised.value.message
