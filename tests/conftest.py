"""No test sees the AWS account, the settings or the state of whoever runs it."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _nobodys_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Credentials, profiles and Regions of AWS are hidden, and tapctl keeps its state in a folder of this run."""
    nowhere = tmp_path_factory.mktemp("surroundings")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "TAPCTL_"))]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", str(nowhere / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "credentials"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("TAPCTL_STATE_DIR", str(nowhere / "state"))
        yield
