"""Templates with something local in them, packaged, and what would be uploaded."""

import zipfile
from io import BytesIO
from pathlib import Path

from tapctl.concurrency.remedy import RemedyPlan
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.dependencies import Installer, Wheels
from tapctl.packaging.package import Artifact, Package, package
from tapctl.settings.config_file import FunctionConfig
from tapctl.template.model import Template, check
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tapctl.template.parse import parse
from tests.support.stubbed_stacks import unreachable_aws


def template(folder: Path, code: str = '"code"', kind: str = "AWS::Lambda::Function", name: str = "Code") -> Template:
    return written(folder, f'{{"Resources": {{"Fn": {{"Type": "{kind}", "Properties": {{"{name}": {code}}}}}}}}}')


def written(folder: Path, text: str) -> Template:
    source = parse(text, str(folder / "template.yaml"))
    return check(Template(source, source.value))


def packaged(source: Template, config: FunctionConfig | None = None, cache: Path | None = None) -> Package:
    """The package of a template; requirements are installed below `cache`, which is none of this folder's otherwise."""
    installer = Installer(cache or Path(source.file).parent / ".cache", print)
    wheels = Wheels(config or FunctionConfig(), installer)
    resolvers = {member.prefix: member.resolver for member in stack_tree(source, Parameters(), {}).members()}
    store = ArtifactStore(unreachable_aws(), "bucket", "123456789012")
    return package(source, RemedyPlan({}, possible=True), store, wheels, resolvers)


def artifacts(source: Template) -> tuple[Artifact, ...]:
    return packaged(source).artifacts


def data(artifact: Artifact) -> bytes:
    """What would be uploaded, which must be what the key says."""
    made = BytesIO()
    assert artifact.content.write(made) == artifact.content.digest
    return made.getvalue()


def packed(folder: Path) -> bytes:
    (artifact,) = artifacts(template(folder))
    return data(artifact)


def entries(made: bytes) -> dict[str, tuple[str, int]]:
    """The content and the permission bits of every file in the zip."""
    with zipfile.ZipFile(BytesIO(made)) as archive:
        return {
            each.filename: (archive.read(each).decode(), each.external_attr >> 16 & 0o777)
            for each in archive.infolist()
        }


def test_a_folder_becomes_a_zip_of_its_files_under_a_key_of_their_content(function_folder: Path) -> None:
    (artifact,) = artifacts(template(function_folder.parent))

    assert artifact.label == "code of Fn"
    assert artifact.key.endswith(".zip")
    assert entries(data(artifact)) == {
        "index.py": ("def handle(event, context): return 1\n", 0o644),
        "inner/data.txt": ("data", 0o644),
    }
