"""What was seen of a deploy on its way, for the document of one that does not end well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tapctl.deploy.change_set import ChangeSet
    from tapctl.deploy.events import Event
    from tapctl.headroom.result import Preflight


@dataclass(slots=True)
class Story:
    """The verdicts, the change set that was shown last, the one that was executed last, and the events since."""

    verdicts: list[Preflight] = field(default_factory=list)
    shown: ChangeSet | None = None
    executed: ChangeSet | None = None
    events: list[Event] = field(default_factory=list)

    def event(self, event: Event) -> None:
        """Take an event in; the first one after a change set was shown begins its execution."""
        if self.shown is not self.executed:
            self.executed = self.shown
            self.events.clear()
        self.events.append(event)

    @property
    def last(self) -> Event | None:
        """The stack's own last word in the execution; None where nothing was executed."""
        own = (event for event in reversed(self.events) if event.own and not event.within)
        return next(own, None) if self.executed else None
