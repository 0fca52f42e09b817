"""Where the sandbox keeps its things inside tapctl's state folder."""

from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.state.files import state_dir


@dataclass(frozen=True, slots=True)
class Home:
    """The sandbox's folder and the names in it."""

    folder: Path

    @property
    def record(self) -> Path:
        """Which process runs and on which port; stays after a stop, so that the next start takes the same port."""
        return self.folder / "sandbox.json"

    @property
    def log(self) -> Path:
        """What the server said since it was started."""
        return self.folder / "server.log"

    @property
    def server_lock(self) -> Path:
        """Held by the server for as long as it lives."""
        return self.folder / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts, stops or resets the server."""
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


def home() -> Home:
    """Name the sandbox's folder, without touching the disk."""
    return Home(state_dir() / "sandbox")


def created(place: Home) -> Home:
    """Make the folder if it is missing."""
    try:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot keep the sandbox's state in {place.folder}: {error.strerror}",
            "set TAPCTL_STATE_DIR to a folder that can be written",
        ) from None
    return place
