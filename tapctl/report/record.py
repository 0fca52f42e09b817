"""What every command finds, in one neutral shape for the formats that other tools read."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How much it matters, from the least to the most; each format has words of its own for these."""

    WELL = "well"
    NOTE = "note"
    """It could not be looked at, or is only worth knowing."""
    WARNING = "warning"
    """It does not change how the run ends."""
    OPEN = "open"
    """Nobody can promise that it will go well."""
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was found; `rule` is stable, `subject` what it is about, `file` and `line` where that stands."""

    rule: str
    level: Level
    subject: str
    message: str
    hint: str | None = None
    file: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """Message and hint in one line."""
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message

    @property
    def sentence(self) -> str:
        """Message and hint after what they are about, where the message does not name that itself."""
        return self.text if self.subject in self.message else f"{self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run of a command found, the sentence that sums it up, and the file that it is about."""

    command: str
    title: str
    sentence: str
    records: tuple[Record, ...]
    file: str

    @property
    def found(self) -> tuple[Record, ...]:
        """All that is not simply well."""
        return tuple(each for each in self.records if each.level is not Level.WELL)
