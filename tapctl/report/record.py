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


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run of a command found, and the sentence that sums it up."""

    command: str
    title: str
    sentence: str
    records: tuple[Record, ...]

    @property
    def found(self) -> tuple[Record, ...]:
        """All that is not simply well."""
        return tuple(each for each in self.records if each.level is not Level.WELL)
