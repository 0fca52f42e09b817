"""Dependencies from a folder of wheels that the test makes, installed by uv without a package index."""

import hashlib
import json
import os
import sys
import tarfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.packaging.dependencies import Installer
from tapctl.packaging.lambda_platform import Platform, platform
from tapctl.settings.config_file import FunctionConfig
from tapctl.template.model import Template
from tests.support.golden import Golden
from tests.support.packaged import artifacts, data, entries, packaged, written

ARM = Platform("3.12", "arm64")


def wheel(folder: Path, name: str, tag: str = "py3-none-any", *, requires: tuple[str, ...] = ()) -> Path:
    """A wheel of one module, whose `built_for` is the tag, with a script; extras are those that `requires` names."""
    info = f"{name}-1.0.dist-info"
    metadata = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    extras = "".join(
        f"Provides-Extra: {text.partition('extra == ')[2][1:-1]}\n" for text in requires if "extra" in text
    )
    files = {
        f"{name}.py": f"built_for = '{tag}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}{extras}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD")))
    return path


def source_folder(folder: Path, name: str, tag: str) -> None:
    """A project that builds a wheel with this tag, without any build requirement."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n'
    )
    built = wheel(folder, name, tag)
    (folder / "backend.py").write_text(
        "import pathlib, shutil\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        f"    shutil.copy(pathlib.Path(__file__).with_name({built.name!r}), folder)\n"
        f"    return {built.name!r}\n"
    )


@dataclass
class Project:
    """A template with one function, its folder, and wheels beside it."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "code").mkdir()
        (self.folder / "code" / "index.py").write_text("import first\n")

    @property
    def installations(self) -> list[Path]:
        """The cached installations of this project."""
        return [path for path in (self.folder / "cache").iterdir() if not path.name.startswith(".")]

    def require(self, text: str, file: str = "code/requirements.txt") -> None:
        (self.folder / "wheels").mkdir(exist_ok=True)
        (self.folder / file).write_text(f"--no-index\n--find-links {self.folder / 'wheels'}\n{text}\n")

    def wheel(self, name: str, tag: str = "py3-none-any", requires: tuple[str, ...] = ()) -> Path:
        return wheel(self.folder / "wheels", name, tag, requires=requires)

    def template(self, runtime: str = "python3.12", architecture: str = "arm64", **more: Any) -> Template:
        properties = {"Code": "code", "Runtime": runtime, "Architectures": [architecture], **more}
        body = {"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
        return written(self.folder, json.dumps(body))

    def packed(self, config: FunctionConfig | None = None, **more: Any) -> dict[str, tuple[str, int]]:
        """The files in the function's zip."""
        (artifact,) = packaged(self.template(**more), config, self.folder / "cache").artifacts
        return entries(data(artifact))

    def error(self, config: FunctionConfig | None = None, **more: Any) -> UsageError:
        """The error of packaging the function."""
        with pytest.raises(UsageError) as raised:
            self.packed(config, **more)
        return raised.value

    def reason(self, config: FunctionConfig | None = None) -> str:
        """Why uv could not install the dependencies, in its words, which differ between its versions."""
        start, _, reason = self.error(config).message.partition("python3.12 on arm64: ")
        assert start.startswith("Fn: ")
        assert reason
        assert "\n" not in reason
        return reason


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project without the settings that this machine has for pip and uv."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return Project(tmp_path)


def test_wheels_are_chosen_for_the_platform_of_the_function(project: Project) -> None:
    for tag in ("cp312-cp312-manylinux_2_34_aarch64", "cp312-cp312-manylinux2014_x86_64", "cp311-cp311-linux_x86_64"):
        project.wheel("first", tag)
    project.require("first")

    files = project.packed()

    assert files["first.py"][0] == "built_for = 'cp312-cp312-manylinux_2_34_aarch64'\n"
    assert files["index.py"][0] == "import first\n"


@pytest.mark.parametrize(
    ("runtime", "architecture", "expected"),
    [
        ("python3.11", "x86_64", "cp311-cp311-manylinux2014_x86_64"),
        ("python3.11", "arm64", "cp311-cp311-manylinux_2_17_aarch64"),
        ("python3.13", "x86_64", "cp313-cp313-manylinux_2_34_x86_64"),
        ("python3.13", "arm64", "cp313-cp313-manylinux_2_28_aarch64"),
    ],
)
def test_each_runtime_and_architecture_gets_its_wheel(
    project: Project, runtime: str, architecture: str, expected: str
) -> None:
    for tag in (
        *("cp311-cp311-manylinux2014_x86_64", "cp311-cp311-manylinux_2_34_x86_64"),
        *("cp311-cp311-manylinux_2_17_aarch64", "cp311-cp311-manylinux_2_34_aarch64"),
        *("cp313-cp313-manylinux_2_34_x86_64", "cp313-cp313-manylinux_2_35_x86_64"),
        *("cp313-cp313-manylinux_2_28_aarch64", "cp313-cp313-musllinux_1_2_aarch64"),
    ):
        project.wheel("first", tag)
    project.require("first")

    files = project.packed(runtime=runtime, architecture=architecture)

    assert files["first.py"][0] == f"built_for = '{expected}'\n"


def test_a_wheel_with_several_platform_tags_is_installed(project: Project) -> None:
    project.wheel("first", "cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64")
    project.require("first")

    assert "first.py" in project.packed()


def test_environment_markers_are_evaluated_for_that_platform(project: Project) -> None:
    project.wheel("there")
    project.wheel("deep")
    matching = "platform_machine == 'aarch64' and python_version == '3.12' and sys_platform == 'linux'"
    project.wheel("first", requires=(f"deep; {matching}", "missing; python_version != '3.12'"))
    project.require(f"first\nthere; {matching}\nabsent; platform_machine != 'aarch64'")

    assert {"first.py", "deep.py", "there.py"} <= set(project.packed())


def test_an_extra_is_installed(project: Project) -> None:
    project.wheel("second")
    project.wheel("first", requires=("second; extra == 'more'",))

    project.require("first")
    assert "second.py" not in project.packed()

    project.require("first[more]")
    assert "second.py" in project.packed()


def test_the_zip_has_no_file_that_differs_between_machines(project: Project) -> None:
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
    path = project.wheel("first")
    project.require("first")
    keys = [packaged(project.template(), None, tmp_path / cache).artifacts[0].key for cache in ("other", "cache")]
    path.unlink()

    again = packaged(project.template(), None, tmp_path / "cache").artifacts[0].key

    assert keys == [again, again]
    assert len(project.installations) == 1


@pytest.mark.parametrize(
    ("change", "installations"),
    [
        pytest.param(lambda project: project.require("first\n# a comment"), 2, id="the requirements"),
        pytest.param(lambda project: (project.folder / "code" / "index.py").write_text(""), 1, id="the code"),
    ],
)
def test_changed_requirements_are_installed_and_changed_code_is_not(
    change: Any, installations: int, project: Project
) -> None:
    project.wheel("first")
    project.require("first")
    project.packed()
    change(project)
    project.packed()

    assert len(project.installations) == installations


def test_an_included_file_counts(project: Project) -> None:
    project.wheel("first")
    project.require("first", "more.txt")
    (project.folder / "code" / "requirements.txt").write_text("-r ../more.txt\n")
    assert "first.py" in project.packed()

    project.require("first>1", "more.txt")

    assert "first>1" in project.reason()


def test_a_constraint_limits_the_versions(project: Project) -> None:
    project.wheel("first")
    (project.folder / "code" / "constraints.txt").write_text("first<1\nunused==2\n")
    project.require("first\n-c constraints.txt")

    assert "first<1" in project.reason()


def test_hashes_are_checked(project: Project) -> None:
    digest = hashlib.sha256(project.wheel("first").read_bytes()).hexdigest()
    project.wheel("second")

    project.require(f"first==1.0 --hash=sha256:{digest}")
    assert "first.py" in project.packed()

    project.require(f"first==1.0 --hash=sha256:{'0' * 64}")
    assert "first==1.0" in (reason := project.reason())
    assert digest in reason

    project.require(f"first==1.0 --hash=sha256:{digest}\nsecond==1.0")
    assert "second==1.0" in project.reason()


def test_a_package_without_a_wheel_for_the_platform_is_named(project: Project, golden: Golden) -> None:
    project.wheel("first", "cp312-cp312-manylinux2014_x86_64")
    project.require("first==1.0")

    assert "first==1.0" in project.reason()
    assert not project.installations
    golden(project.error().hint)


def test_a_package_with_only_a_source_distribution_is_named(project: Project, golden: Golden) -> None:
    project.require("first")
    with tarfile.open(project.folder / "wheels" / "first-1.0.tar.gz", "w:gz") as archive:
        archive.add(project.folder / "code", "first-1.0")

    assert "first==1.0" in project.reason()
    golden(project.error().hint)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("first\nsecond", ("first", "second", "shared"), id="contradiction"),
        pytest.param("missing", ("missing",), id="unknown package"),
        pytest.param("first = 1", ("first = 1",), id="invalid line"),
        pytest.param("-r absent.txt", ("absent.txt",), id="missing file"),
        pytest.param("./nowhere", ("nowhere",), id="missing folder"),
    ],
)
def test_requirements_that_cannot_be_installed_are_named(
    text: str, names: tuple[str, ...], project: Project, golden: Golden
) -> None:
    project.wheel("shared")
    project.wheel("first", requires=("shared==1.0",))
    project.wheel("second", requires=("shared!=1.0",))
    project.require(text)

    reason = project.reason()

    assert [name for name in names if name not in reason] == []
    golden(project.error().hint)


def test_an_index_that_does_not_answer_is_named(
    project: Project, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    (project.folder / "code" / "requirements.txt").write_text("--index-url http://127.0.0.1:9/simple\nfirst\n")

    error = project.error()

    assert "http://127.0.0.1:9/simple/first/" in error.message
    golden(error.hint)


def test_a_source_folder_is_built_each_time(project: Project) -> None:
    source_folder(project.folder / "local", "first", "py3-none-any")
    project.require("../local")
    assert project.packed()["first.py"][0] == "built_for = 'py3-none-any'\n"

    with zipfile.ZipFile(project.folder / "local" / "first-1.0-py3-none-any.whl", "a") as built:
        built.writestr("second.py", "")

    assert "second.py" in project.packed()


def test_nothing_is_built_from_source_in_a_plan(project: Project) -> None:
    source_folder(project.folder / "local", "first", "py3-none-any")
    project.require("../local")
    requirements, target = project.folder / "code" / "requirements.txt", platform("python3.12", "x86_64")
    assert target

    with pytest.raises(UsageError, match="Building source distributions is disabled") as refused:
        Installer(project.folder / "planned", print, builds=False).install("Fn", requirements, target)
    assert refused.value.hint == advise(DeployAdvice.REQUIRE_WHEEL_TO_PLAN)


def test_a_wheel_that_is_built_for_this_machine_is_refused(project: Project, golden: Golden) -> None:
    source_folder(project.folder / "local", "first", "cp312-cp312-linux_riscv64")
    project.require("../local")

    golden(project.error())


def test_the_functions_own_file_takes_precedence_over_an_installed_one(project: Project) -> None:
    project.wheel("first")
    project.require("first")
    (project.folder / "code" / "first.py").write_text("mine = True\n")

    assert project.packed()["first.py"][0] == "mine = True\n"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        pytest.param("# nothing but a comment\n\n", {}, id="no requirement"),
        pytest.param("missing\n", {"runtime": "nodejs22.x"}, id="not a Python function"),
        pytest.param("missing\n", {"config": FunctionConfig(requirements=False)}, id="disabled"),
    ],
)
def test_a_folder_without_dependencies_is_packaged_unchanged(text: str, more: dict[str, Any], project: Project) -> None:
    (project.folder / "code" / "requirements.txt").write_text(text)

    assert set(project.packed(**more)) == {"index.py", "requirements.txt"}


def test_a_folder_with_installed_distributions_is_packaged_unchanged(project: Project) -> None:
    (project.folder / "code" / "requirements.txt").write_text("missing")
    (project.folder / "code" / "first-1.0.dist-info").mkdir()
    (project.folder / "code" / "first-1.0.dist-info" / "METADATA").write_text("")

    assert "index.py" in project.packed()


def test_the_configured_requirements_replace_those_of_their_folder(project: Project) -> None:
    project.wheel("first")
    project.require("missing")
    project.require("first", "production.txt")
    named = str(project.folder / "production.txt")

    assert "first.py" in project.packed(FunctionConfig(requirements=named))
    assert "first.py" in project.packed(FunctionConfig(requirements=named, source=str(project.folder / "code")))
    assert "missing" in project.reason(FunctionConfig(requirements=named, source=str(project.folder / "other")))


def test_a_configured_file_that_does_not_exist_is_refused(project: Project, golden: Golden) -> None:
    golden(project.error(FunctionConfig(requirements="absent.txt")))


def test_an_unknown_runtime_is_refused(project: Project, golden: Golden) -> None:
    project.require("first")
    body = project.template(Runtime={"Ref": "Version"}).body
    source = written(project.folder, json.dumps({"Parameters": {"Version": {"Type": "String"}}, **body}))

    with pytest.raises(UsageError) as raised:
        artifacts(source)

    golden(raised.value)


def test_a_layer_with_a_python_build_method_gets_them_in_python(project: Project) -> None:
    project.wheel("first")
    project.require("first")
    layer: dict[str, Any] = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": "code"}}
    built = {**layer, "Metadata": {"BuildMethod": "python3.12", "BuildArchitecture": "arm64"}}
    made = {**layer, "Metadata": {"BuildMethod": "makefile"}}
    zips = [
        entries(data(artifacts(written(project.folder, json.dumps({"Resources": {"L": resource}})))[0]))
        for resource in (built, made, layer)
    ]

    assert ["python/first.py" in files for files in zips] == [True, False, False]


@pytest.mark.parametrize(
    ("runtime", "architecture", "expected"),
    [
        pytest.param("python3.11", "x86_64", Platform("3.11", "x86_64"), id="Python"),
        pytest.param("nodejs22.x", "x86_64", None, id="another language"),
        pytest.param("provided.al2023", "arm64", None, id="custom runtime"),
        pytest.param("python3.11", "riscv", None, id="unknown architecture"),
        pytest.param(None, "arm64", None, id="no runtime"),
    ],
)
def test_a_python_runtime_has_a_platform(runtime: object, architecture: object, expected: Platform | None) -> None:
    assert platform(runtime, architecture) == expected


def test_a_platform_accepts_wheels_up_to_its_glibc() -> None:
    assert ARM.tags[0] == "manylinux_2_34_aarch64"
    assert replace(ARM, python="3.11").tags[0] == "manylinux_2_26_aarch64"
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64"} < set(ARM.tags)
    assert (ARM.uv_platform, replace(ARM, python="3.11").uv_platform) == (
        "aarch64-manylinux_2_34",
        "aarch64-manylinux_2_17",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a link")
def test_requirements_behind_a_link_out_of_the_project_are_not_read(
    project: Project, tmp_path_factory: pytest.TempPathFactory, golden: Golden
) -> None:
    secret = tmp_path_factory.mktemp("beside") / "secret.txt"
    secret.write_text("hunter2\n")
    (project.folder / "code" / "requirements.txt").symlink_to(secret)

    error = project.error()

    assert "hunter2" not in error.message
    golden(error, secret=secret)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a link")
def test_requirements_behind_a_link_in_the_project_are_installed(project: Project) -> None:
    project.wheel("first")
    project.require("first", "shared.txt")
    (project.folder / "code" / "requirements.txt").symlink_to("../shared.txt")

    assert "first.py" in project.packed()
