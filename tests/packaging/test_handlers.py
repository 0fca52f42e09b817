"""Handlers that name no file or symbol of their package; what is not certain is not wrong."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.packaging.handlers import refuse_wrong_handler, wrong_handlers
from tapctl.settings.config_file import FunctionConfig
from tapctl.template.load import load
from tapctl.template.local_paths import local_paths
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parameters import Parameters
from tests.support.golden import Golden

PYTHON, NODEJS = "python3.13", "nodejs22.x"


def tree_of(folder: Path, handler: str, runtime: str, code: object = "code", **properties: Any) -> StackTree:
    """A template with one function, in this folder."""
    function = {"Handler": handler, "Runtime": runtime, "Code": code, "Role": "r", **properties}
    template = {"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": function}}}
    file = folder / "template.json"
    file.write_text(json.dumps(template, indent=1))
    return stack_tree(load(str(file)), Parameters(), {})


def problems(tree: StackTree, config: FunctionConfig | None = None) -> list[str]:
    return [wrong.message for wrong in wrong_handlers(tree, config or FunctionConfig())]


def with_files(folder: Path, files: Mapping[str, str]) -> None:
    """Files of the code, by their names in it."""
    for name, text in files.items():
        path = folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


DEFINED = {
    "def": "def main(e, c): pass",
    "async def": "async def main(e, c): pass",
    "assignment": "main = make()",
    "a tuple": "main, other = make()",
    "annotated": "main: object = make()",
    "class": "class main: pass",
    "import": "from inner import main",
    "import under a name": "from inner import other as main",
    "import of a module": "import main",
    "a star import": "from inner import *",
    "a branch": "if x:\n    def main(e, c): pass\nelse:\n    main = None",
    "try": "try:\n    from a import main\nexcept ImportError:\n    main = None",
    "with": "with a as main: pass",
    "for": "for main in a: pass",
    "walrus": "print(main := 5)",
    "match": "match a:\n    case [main]: pass",
    "global": "def build():\n    global main\n    main = 5\nbuild()",
    "globals": "globals()['ma' + 'in'] = 5",
    "setattr": "setattr(sys.modules[__name__], name, 5)",
    "__getattr__": "def __getattr__(name): return 5",
    "exec": "exec(source)",
    "a syntax of another version": "def other(:",
}
NOT_DEFINED = {
    "empty": "",
    "another function": "def handler(e, c): pass",
    "a comment": "# main\ndef handler(e, c): pass",
    "a method": "class A:\n    def main(self): pass",
    "an inner function": "def build():\n    def main(e, c): pass\n    return main",
    "a local": "def build():\n    main = 5",
    "an attribute": "app.main = 5",
    "an argument": "def build(main): pass",
    "an import of its package": "import other.main",
}


@pytest.mark.parametrize("source", DEFINED.values(), ids=DEFINED)
def test_a_python_module_that_defines_the_handler_or_may(source: str, tmp_path: Path) -> None:
    with_files(tmp_path, {"app.py": source})

    assert problems(tree_of(tmp_path, "app.main", PYTHON)) == []


@pytest.mark.parametrize("source", NOT_DEFINED.values(), ids=NOT_DEFINED)
def test_a_python_module_without_the_handler(source: str, tmp_path: Path, golden: Golden) -> None:
    with_files(tmp_path, {"app.py": source})

    (problem,) = problems(tree_of(tmp_path, "app.main", PYTHON))

    golden(problem)


EXPORTED = {
    "exports": "exports.main = async () => 1",
    "module.exports": "module.exports.main = () => 1",
    "an object": "module.exports = { main, other }",
    "ESM": "export const main = () => 1",
    "an export list": "const a = 1; export { a as main }",
    "all of another module": "export * from './b.js'",
    "another module": "module.exports = require('./b')",
    "spread": "module.exports = { ...require('./b') }",
    "computed": "exports[name] = 1",
    "TypeScript's exports": "__exportStar(require('./b'), exports)",
    "eval": "eval(source)",
}
NOT_EXPORTED = {
    "empty": "",
    "another name": '"use strict"\nexports.handler = async () => 1',
    "an object without it": "module.exports = { handler, other: 5 }",
    "ESM without it": "export const handler = () => 1",
    "a longer name": "exports.mainly = 1",
}


@pytest.mark.parametrize("source", EXPORTED.values(), ids=EXPORTED)
@pytest.mark.parametrize("extension", ["js", "mjs", "cjs"])
def test_a_javascript_module_that_exports_the_handler_or_may(source: str, extension: str, tmp_path: Path) -> None:
    with_files(tmp_path, {f"app.{extension}": source})

    assert problems(tree_of(tmp_path, "app.main", NODEJS)) == []


@pytest.mark.parametrize("source", NOT_EXPORTED.values(), ids=NOT_EXPORTED)
def test_a_javascript_module_without_the_handler(source: str, tmp_path: Path, golden: Golden) -> None:
    with_files(tmp_path, {"app.js": source})

    (problem,) = problems(tree_of(tmp_path, "app.main", NODEJS))

    golden(problem)


@pytest.mark.parametrize(
    ("handler", "runtime", "files"),
    [
        pytest.param("src.app.main", PYTHON, {"src/app.py": "def main(): pass"}, id="a package"),
        pytest.param("src/app.main", PYTHON, {"src/app.py": "def main(): pass"}, id="a folder"),
        pytest.param("app.main", PYTHON, {"app/__init__.py": "def main(): pass"}, id="__init__.py"),
        pytest.param("app.main", PYTHON, {"app/__init__.py": "", "app/main.py": ""}, id="a submodule"),
        pytest.param("app.main", PYTHON, {"app.cpython-313-x86_64-linux-gnu.so": ""}, id="compiled"),
        pytest.param("src/app.main", NODEJS, {"src/app.mjs": "export const main = 1"}, id="a folder of Node.js"),
        pytest.param("app.main", NODEJS, {"app/index.js": ""}, id="a folder with an index"),
        pytest.param("app.main", NODEJS, {"node_modules/app/index.js": ""}, id="an installed package"),
        pytest.param("app.main.inner", NODEJS, {"app.js": "exports.main = { inner: 5 }"}, id="a nested export"),
        pytest.param("Main::handle", "java21", {"a.txt": ""}, id="another runtime"),
        pytest.param("/opt/wrapper.handler", NODEJS, {"a.txt": ""}, id="of a layer by its path"),
    ],
)
def test_places_in_which_a_handler_is_found(handler: str, runtime: str, files: dict[str, str], tmp_path: Path) -> None:
    with_files(tmp_path, files)

    assert problems(tree_of(tmp_path, handler, runtime)) == []


@pytest.mark.parametrize(
    ("handler", "runtime", "files"),
    [
        pytest.param("main.handle", PYTHON, {"app.py": ""}, id="no such file"),
        pytest.param("App.main", PYTHON, {"app.py": "def main(): pass"}, id="another case"),
        pytest.param("src.app.main", PYTHON, {"app.py": "def main(): pass"}, id="no such folder"),
        pytest.param("main", PYTHON, {"main.py": ""}, id="no function"),
        pytest.param("main.handle", NODEJS, {"app.js": ""}, id="no such file of Node.js"),
        pytest.param("app.main", NODEJS, {"app.ts": ""}, id="TypeScript"),
        pytest.param("main", NODEJS, {"main.js": ""}, id="no export"),
    ],
)
def test_a_handler_that_names_no_file(
    handler: str, runtime: str, files: dict[str, str], tmp_path: Path, golden: Golden
) -> None:
    with_files(tmp_path, files)

    (problem,) = problems(tree_of(tmp_path, handler, runtime))

    golden(problem)


@pytest.mark.parametrize("runtime", [PYTHON, NODEJS])
def test_a_layer_may_hold_the_file_but_not_the_function_of_one_that_is_here(runtime: str, tmp_path: Path) -> None:
    with_files(tmp_path, {"app.py": "", "app.js": ""})

    assert problems(tree_of(tmp_path, "other.main", runtime, Layers=["arn:layer"])) == []
    assert len(problems(tree_of(tmp_path, "app.main", runtime, Layers=["arn:layer"]))) == 1


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/w"}}}, id="a wrapper"),
        pytest.param({"Environment": {"Fn::ImportValue": "x"}}, id="unknown variables"),
        pytest.param({"Handler": {"Fn::ImportValue": "x"}}, id="an unknown handler"),
        pytest.param({"Runtime": {"Fn::ImportValue": "x"}}, id="an unknown runtime"),
        pytest.param({"Layers": {"Fn::ImportValue": "x"}}, id="unknown layers"),
        pytest.param({"Code": "missing"}, id="code that is not there"),
        pytest.param({"Code": {"S3Bucket": "b", "S3Key": "k"}}, id="code in S3"),
    ],
)
def test_a_handler_that_cannot_be_known_is_not_judged(properties: dict[str, Any], tmp_path: Path) -> None:
    with_files(tmp_path, {"app.py": ""})

    assert problems(tree_of(tmp_path, "other.main", PYTHON, **properties)) == []


def test_dependencies_may_bring_the_file_until_they_are_installed(tmp_path: Path, golden: Golden) -> None:
    with_files(tmp_path, {"app.py": "", "requirements.txt": "wheel"})
    tree = tree_of(tmp_path, "brought.main", PYTHON)
    template = tree.resolver.template
    (local,) = local_paths(template)
    installed = tmp_path / "installed"
    installed.mkdir()

    assert problems(tree) == []
    with pytest.raises(UsageError) as refused:
        refuse_wrong_handler(local, tmp_path / "code", tree.resolver, installed)
    (installed / "brought.py").write_text("def main(): pass")
    refuse_wrong_handler(local, tmp_path / "code", tree.resolver, installed)

    golden(refused.value.message)


def test_a_requirements_file_of_the_configuration_counts(tmp_path: Path) -> None:
    with_files(tmp_path, {"app.py": ""})

    assert problems(tree_of(tmp_path, "a.b", PYTHON), FunctionConfig(requirements="locked.txt")) == []


def test_a_zip_and_a_single_file_are_read(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("src/app.py", "def main(): pass")
    (tmp_path / "code.zip").write_bytes(packed.getvalue())
    (tmp_path / "app.py").write_text("def main(): pass")

    assert problems(tree_of(tmp_path, "src.app.main", PYTHON, code="code.zip")) == []
    assert len(problems(tree_of(tmp_path, "src.app.other", PYTHON, code="code.zip"))) == 1
    assert problems(tree_of(tmp_path, "app.main", PYTHON, code="app.py")) == []
    assert len(problems(tree_of(tmp_path, "other.main", PYTHON, code="app.py"))) == 1


@pytest.mark.parametrize(
    ("code", "handler", "runtime", "wrong"),
    [
        pytest.param("def main(e, c): pass", "index.main", PYTHON, 0, id="right"),
        pytest.param("def main(e, c): pass", "index.other", PYTHON, 1, id="another function"),
        pytest.param("def main(e, c): pass", "app.main", PYTHON, 1, id="another file"),
        pytest.param("exports.main = 1", "index.main", NODEJS, 0, id="right in Node.js"),
        pytest.param("exports.main = 1", "index.other", NODEJS, 1, id="another export"),
        pytest.param("pass", "index.main", PYTHON, 0, id="a placeholder"),
        pytest.param({"Fn::ImportValue": "x"}, "index.main", PYTHON, 0, id="unknown"),
    ],
)
def test_code_in_the_template(code: object, handler: str, runtime: str, wrong: int, tmp_path: Path) -> None:
    assert len(problems(tree_of(tmp_path, handler, runtime, code={"ZipFile": code}))) == wrong


def test_a_pipe_and_a_huge_file_are_left_to_packaging(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    os.mkfifo(tmp_path / "code" / "app.py")
    assert problems(tree_of(tmp_path, "app.main", PYTHON)) == []

    (tmp_path / "code" / "app.py").unlink()
    (tmp_path / "code" / "app.py").write_bytes(b"#" * 2_000_001)
    assert problems(tree_of(tmp_path, "app.main", PYTHON)) == []


def test_a_function_of_sam_is_named_with_the_line_of_its_handler(tmp_path: Path, golden: Golden) -> None:
    with_files(tmp_path, {"app.py": "def main(): pass"})
    text = (
        "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.13}}\n"
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: code\n"
        "      Handler: app.other\n"
    )
    (tmp_path / "template.yaml").write_text(text)

    (wrong,) = wrong_handlers(stack_tree(load(str(tmp_path / "template.yaml")), Parameters(), {}), FunctionConfig())

    assert wrong.line == 8
    golden(wrong.message)


def test_code_that_another_tool_builds_is_not_judged(tmp_path: Path) -> None:
    with_files(tmp_path, {"app.ts": ""})
    text = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
        "    Metadata: {BuildMethod: esbuild}\n"
        "    Properties: {CodeUri: code, Handler: app.main, Runtime: nodejs22.x}\n"
    )
    (tmp_path / "template.yaml").write_text(text)

    assert problems(stack_tree(load(str(tmp_path / "template.yaml")), Parameters(), {})) == []


MANIFESTS = {
    "pyproject": {"pyproject.toml": '[project]\ndependencies = ["left-pad>=1", "boto3"]\n'},
    "uv": {"pyproject.toml": '[project]\ndependencies = ["left_pad[x]==1"]\n', "uv.lock": ""},
    "poetry": {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.13"\nLeft-Pad = "1"\n', "poetry.lock": ""},
    "pipenv": {"Pipfile": '[packages]\nleft-pad = "*"\n', "Pipfile.lock": "{}"},
}
IMPORTS = "import boto3\nfrom left_pad.inner import pad\ndef main(e, c): pass\n"


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_a_dependency_that_only_a_manifest_names_is_missing(manifest: str, tmp_path: Path, golden: Golden) -> None:
    with_files(tmp_path, {"index.py": IMPORTS, **MANIFESTS[manifest]})

    (wrong,) = wrong_handlers(tree_of(tmp_path, "index.main", PYTHON), FunctionConfig())
    golden([wrong.message, wrong.hint])


@pytest.mark.parametrize(
    ("files", "properties"),
    [
        pytest.param({"left_pad/__init__.py": ""}, {}, id="is in the code"),
        pytest.param({"left_pad.cpython-313-x86_64-linux-gnu.so": ""}, {}, id="is compiled"),
        pytest.param({"requirements.txt": "left-pad"}, {}, id="is installed"),
        pytest.param({}, {"Layers": ["arn:aws:lambda:us-east-1:1:layer:x:1"]}, id="may be in a layer"),
        pytest.param({"index.py": "def main(e, c):\n    import left_pad"}, {}, id="is imported later"),
        pytest.param(
            {"index.py": "try:\n    import left_pad\nexcept: pass\ndef main(e, c): pass"}, {}, id="is optional"
        ),
        pytest.param({"pyproject.toml": "[project]\ndependencies = 1"}, {}, id="in no manifest"),
        pytest.param({"pyproject.toml": "not = [TOML"}, {}, id="in no document"),
    ],
)
def test_a_dependency_is_not_missing_if_it(files: dict[str, str], properties: dict[str, Any], tmp_path: Path) -> None:
    with_files(tmp_path, {"index.py": IMPORTS, **MANIFESTS["pyproject"], **files})

    assert problems(tree_of(tmp_path, "index.main", PYTHON, **properties)) == []


def test_a_requirements_file_of_the_configuration_brings_dependencies(tmp_path: Path) -> None:
    with_files(tmp_path, {"index.py": IMPORTS, **MANIFESTS["pyproject"]})

    assert problems(tree_of(tmp_path, "index.main", PYTHON), FunctionConfig(requirements="r.txt")) == []
