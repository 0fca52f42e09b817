"""Templates with local paths, packaged without AWS, and the objects that would be uploaded."""

import zipfile
from io import BytesIO
from pathlib import Path

from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.dependencies import Installer, PythonBuild
from tapctl.packaging.package import Artifact, PackagedTemplate, Packager
from tapctl.settings.config_file import FunctionConfig
from tapctl.template.model import Template, check
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tapctl.template.parse import parse
from tests.support.stubbed_stacks import unreachable_aws


def template(folder: Path, code: str = '"code"', kind: str = "AWS::Lambda::Function", name: str = "Code") -> Template:
    """A template with one resource `Fn` whose property `name` is `code`."""
    return written(folder, f'{{"Resources": {{"Fn": {{"Type": "{kind}", "Properties": {{"{name}": {code}}}}}}}}}')


def written(folder: Path, text: str) -> Template:
    """The template that `text` is, as if it were a file in the folder."""
    source = parse(text, str(folder / "template.yaml"))
    return check(Template(source, source.value))


def packaged(
    source: Template,
    config: FunctionConfig | None = None,
    cache: Path | None = None,
    outside: tuple[Path, ...] = (),
) -> PackagedTemplate:
    """The package of a template; dependencies are installed below `cache`, by default beside the template."""
    installer = Installer(cache or Path(source.file).parent / ".cache", print)
    store = ArtifactStore(unreachable_aws(), "bucket", "123456789012")
    packager = Packager(store, PythonBuild(config or FunctionConfig(), installer), outside)
    return packager.package(source, stack_tree(source, Parameters(), {}))


def artifacts(source: Template) -> tuple[Artifact, ...]:
    return packaged(source).artifacts


def data(artifact: Artifact) -> bytes:
    """The bytes that would be uploaded; their digest must be the one of the key."""
    file = BytesIO()
    assert artifact.content.write(file) == artifact.content.digest
    return file.getvalue()


def packed(folder: Path) -> bytes:
    """The zip of the folder `code` below this one."""
    (artifact,) = artifacts(template(folder))
    return data(artifact)


def entries(archive: bytes) -> dict[str, tuple[str, int]]:
    """The content and the permission bits of each file in a zip."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {
            info.filename: (opened.read(info).decode(), info.external_attr >> 16 & 0o777) for info in opened.infolist()
        }
