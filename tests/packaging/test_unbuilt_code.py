"""Code that lacks its dependencies or its compiled files, by what stands in its folder."""

from pathlib import Path

import pytest

from tapctl.errors import TemplateError
from tapctl.packaging.unbuilt_code import UnbuiltCode, unbuilt_code
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parameters import Parameters
from tapctl.workflows.preflight import refuse_unbuilt
from tests.support.golden import Golden
from tests.support.packaged import written

PACKAGE = '{"dependencies": {"left": "1", "@scope/right": "2", "@aws-sdk/client-s3": "3", "@types/node": "1"}}'
REQUIRES = "const left = require('left/inner');\n"
DEVELOPMENT = '{"devDependencies": {"left": "1"}, "dependencies": {"@aws-sdk/client-s3": "3"}}'
GEMFILE = "source 'x'\ngem 'aws-sdk-s3'\ngroup :development, :test do\n  gem 'rspec'\nend\n"

Files = dict[str, str]


def found(folder: Path, files: Files, properties: str = "", kind: str = "AWS::Lambda::Function") -> list[UnbuiltCode]:
    """What the folder `code` with these files lacks; a file whose name ends with / is a folder."""
    (folder / "template.yaml").write_text("the templates of these tests are not read from it")
    (folder / "code").mkdir(exist_ok=True)
    for name, text in files.items():
        file = folder / "code" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.mkdir() if name.endswith("/") else file.write_text(text)
    return list(unbuilt_code(tree(folder, properties, kind)))


def tree(folder: Path, properties: str = "", kind: str = "AWS::Lambda::Function") -> StackTree:
    name = "Content" if "Layer" in kind else "Code"
    text = f"Resources:\n  Fn:\n    Type: {kind}\n    Properties: {{{name}: code, {properties}}}\n"
    return stack_tree(written(folder, text), Parameters(), {})


def of(runtime: str, handler: str = "index.handler", more: str = "") -> str:
    return f"Runtime: {runtime}, Handler: '{handler}', {more}"


LACKING = [
    pytest.param(of("nodejs22.x"), {"package.json": PACKAGE, "index.js": REQUIRES}, id="node"),
    pytest.param(of("nodejs22.x"), {"package.json": PACKAGE}, id="node-without-the-handler"),
    pytest.param(
        of("nodejs22.x", "src/a.b"),
        {
            "package.json": PACKAGE,
            "package-lock.json": "{}",
            "src/a.mjs": "import './b.js'",
            "src/b.ts": "import r from '@scope/right'",
        },
        id="node-imported-by-an-import",
    ),
    pytest.param(
        of("nodejs22.x"),
        {"package.json": PACKAGE, "yarn.lock": "", "index.js": REQUIRES, "node_modules/@scope/right/": ""},
        id="node-one-of-two",
    ),
    pytest.param(of("nodejs16.x"), {"package.json": DEVELOPMENT}, id="node-before-the-new-sdk"),
    pytest.param(of("ruby3.3"), {"Gemfile": f"{GEMFILE}gem 'pg', '~> 1'\n"}, id="ruby"),
    pytest.param(of("provided.al2023", "bootstrap"), {"go.mod": "", "main.go": ""}, id="go"),
    pytest.param(of("go1.x", "main"), {"go.mod": "", "main.go": ""}, id="go-by-the-handler"),
    pytest.param(of("provided.al2023", "bootstrap"), {"Cargo.toml": ""}, id="rust"),
    pytest.param(of("java21", "a.App::handle"), {"pom.xml": "", "src/main/java/a/App.java": ""}, id="maven"),
    pytest.param(of("java21", "a.App"), {"build.gradle.kts": "", "build/classes/a/App.class": ""}, id="gradle"),
    pytest.param(of("dotnet8", "App::App.F::Handle"), {"App.csproj": "", "F.cs": ""}, id="dotnet"),
]


@pytest.mark.parametrize(("properties", "files"), LACKING)
def test_unbuilt_code_is_refused_with_the_build_command(
    properties: str, files: Files, tmp_path: Path, golden: Golden
) -> None:
    (lacking,) = found(tmp_path, files, properties)
    assert (lacking.owner, lacking.certain, lacking.line) == ("Fn", True, 4)
    with pytest.raises(TemplateError) as caught:
        refuse_unbuilt(tree(tmp_path, properties))
    golden(caught.value)


@pytest.mark.parametrize(
    ("properties", "files"),
    [
        pytest.param(of("nodejs22.x"), {"package.json": DEVELOPMENT, "index.js": REQUIRES}, id="development"),
        pytest.param(of("nodejs22.x"), {"package.json": "{}"}, id="no dependencies"),
        pytest.param(of("nodejs22.x"), {"package.json": "not JSON"}, id="no package"),
        pytest.param(of("nodejs16.x"), {"package.json": '{"dependencies": {"aws-sdk": "2"}}'}, id="old sdk"),
        pytest.param(
            of("nodejs22.x"),
            {"package.json": PACKAGE, "index.js": "var __toESM = 1; // left", "src/index.ts": "import 'left'"},
            id="bundle",
        ),
        pytest.param(
            of("nodejs22.x"),
            {"package.json": PACKAGE, "index.js": REQUIRES, "node_modules/left/": "", "node_modules/@scope/right/": ""},
            id="installed",
        ),
        pytest.param(of("python3.13"), {"package.json": PACKAGE, "go.mod": "", "index.py": ""}, id="another runtime"),
        pytest.param(of("ruby3.3"), {"Gemfile": GEMFILE}, id="gems of the runtime"),
        pytest.param(of("ruby3.3"), {"Gemfile": "gem 'pg'", "vendor/bundle/ruby/": ""}, id="bundled gems"),
        pytest.param(of("provided.al2023"), {"go.mod": "", "bootstrap": ""}, id="executable"),
        pytest.param(of("go1.x", "main"), {"go.mod": "", "main": ""}, id="executable by its handler"),
        pytest.param(of("java21", "a.App"), {"pom.xml": "", "lib/app.jar": ""}, id="jar"),
        pytest.param(of("java21", "a.App"), {"pom.xml": "", "a/App.class": ""}, id="class"),
        pytest.param(of("dotnet8", "App"), {"App.csproj": "", "App.dll": ""}, id="assembly"),
        pytest.param("PackageType: Image", {"package.json": PACKAGE}, id="image"),
    ],
)
def test_code_that_can_run_lacks_nothing(properties: str, files: Files, tmp_path: Path) -> None:
    assert found(tmp_path, files, properties) == []


@pytest.mark.parametrize(
    ("properties", "files"),
    [
        pytest.param(of("nodejs22.x", more="Layers: [x]"), {"package.json": PACKAGE, "index.js": REQUIRES}, id="layer"),
        pytest.param(of("nodejs22.x"), {"package.json": PACKAGE, "index.js": "// require('left')"}, id="not imported"),
        pytest.param(of("provided.al2023", more="Layers: [x]"), {"go.mod": ""}, id="runtime in a layer"),
    ],
)
def test_code_that_may_run_unbuilt_is_not_refused(properties: str, files: Files, tmp_path: Path) -> None:
    (lacking,) = found(tmp_path, files, properties)
    assert not lacking.certain
    refuse_unbuilt(tree(tmp_path, properties))


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({"nodejs/package.json": PACKAGE}, True),
        (
            {"nodejs/package.json": PACKAGE, "nodejs/node_modules/left/": "", "nodejs/node_modules/@scope/right/": ""},
            False,
        ),
        ({"package.json": PACKAGE}, False),
    ],
)
def test_a_layer_has_its_packages_below_nodejs(files: Files, lacks: bool, tmp_path: Path) -> None:
    assert bool(found(tmp_path, files, kind="AWS::Lambda::LayerVersion")) is lacks


def test_a_function_that_is_not_created_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "package.json").write_text(PACKAGE)
    function = f"{{Type: AWS::Lambda::Function, Condition: No1, Properties: {{Code: code, {of('nodejs22.x')}}}}}"
    text = f"Conditions: {{No1: !Equals [a, b]}}\nResources:\n  Fn: {function}\n"
    assert list(unbuilt_code(stack_tree(written(tmp_path, text), Parameters(), {}))) == []
