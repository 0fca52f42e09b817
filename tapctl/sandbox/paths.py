"""The files of the sandbox inside tapctl's state folder."""

from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.sandbox.secret import refuse_shared
from tapctl.state.files import state_dir


@dataclass(frozen=True, slots=True)
class SandboxPaths:
    """The sandbox's folder and the files in it."""

    folder: Path

    @property
    def pid_file(self) -> Path:
        """Process id and port of the server; stays after a stop, so that the next start takes the same port."""
        return self.folder / "sandbox.json"

    @property
    def log(self) -> Path:
        """The output of the server since its start."""
        return self.folder / "server.log"

    @property
    def server_lock(self) -> Path:
        """Held by the server for as long as it lives."""
        return self.folder / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the command that starts, stops or resets the server."""
        return self.folder / "start.lock"

    @property
    def state(self) -> Path:
        """The emulator's services, one JSON file each."""
        return self.folder / "state"

    @property
    def objects(self) -> Path:
        """The S3 objects."""
        return self.folder / "s3"

    @property
    def scratch(self) -> Path:
        """Unpacked function code; emptied at every start."""
        return self.folder / "tmp"


def sandbox_paths() -> SandboxPaths:
    """The paths below the state folder, which need not exist."""
    return SandboxPaths(state_dir() / "sandbox")


def create_folder(paths: SandboxPaths) -> None:
    """Create the sandbox's folder if it is missing. Raises `UsageError`, also for one that another user can write."""
    refuse_shared(paths.folder)
    try:
        if not paths.folder.parent.exists():
            paths.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot create the sandbox's folder {paths.folder}: {error.strerror}",
            advise(UsageAdvice.SET_STATE_FOLDER),
        ) from None
