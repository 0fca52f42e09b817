"""Random stacks of functions and what may become of them in an update."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random


@dataclass(frozen=True)
class Published:
    """An alias or a version; `word` is the alias's name or the version's description.

    An alias points to the function's version, or to `$LATEST`.
    """

    logical_id: str
    word: str
    provisioned: int | None = None
    retained: bool = False
    latest: bool = False


@dataclass(frozen=True)
class Function:
    """One function of a stack; `orphan` is provisioned by a version that no stack knows.

    What is `retained`, a function or what it publishes, is kept in the account where the stack lets go of it. The
    reservation is set `by_hand` beside the stack's back; one that is `quiet` has nothing that each update changes.
    """

    logical_id: str
    name: str | None = None
    image: bool = False
    reserved: int | None = None
    version: Published | None = None
    aliases: tuple[Published, ...] = ()
    orphan: int = 0
    retained: bool = False
    by_hand: int | None = None
    quiet: bool = False
    durable: bool = False
    managed: bool | None = None
    """Whether it runs on managed instances: False is a CapacityProviderConfig that a condition leaves out."""

    @property
    def is_refused(self) -> bool:
        """Whether Lambda refuses what it provisions, whatever is left: on `$LATEST`, 0, or twice on one version.

        https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
        """
        holders = [published for published in self.published if published.provisioned is not None]
        wrong = any(holder.latest or holder.provisioned == 0 for holder in holders)
        return wrong or len([holder for holder in holders if not holder.latest]) > 1

    @property
    def is_undocumented(self) -> bool:
        """Whether it claims what AWS documents no rule for."""
        return self.managed is True and (
            self.reserved is not None or any(published.provisioned for published in self.published)
        )

    @property
    def published(self) -> tuple[Published, ...]:
        return (self.version, *self.aliases) if self.version else ()

    @property
    def provisioned(self) -> int:
        return self.orphan + sum(published.provisioned or 0 for published in self.published)

    @property
    def claim(self) -> int:
        reserved = self.reserved if self.by_hand is None else self.by_hand
        return self.provisioned if reserved is None else reserved


Stack = tuple[Function, ...]


@dataclass(frozen=True)
class Maker:
    """Makes stacks whose claims are of the order of `room`.

    Logical ids are random, because the sandbox updates what is independent in their alphabetical order.
    """

    rng: Random
    room: int

    def word(self) -> str:
        return "".join(self.rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=6))

    def count(self, most: int) -> int:
        return min(most, self.rng.choice([1, self.rng.randint(0, most), self.rng.randint(0, most // 10 + 1)]))

    def stack(self) -> Stack:
        """A stack that holds no more than the room together."""
        made, left = [], self.room
        for _ in range(self.rng.randint(1, 3)):
            made.append(self._by_hand(self.function(self.count(left)), left))
            left -= made[-1].claim
        return tuple(made)

    def _by_hand(self, function: Function, most: int) -> Function:
        """At times the reservation was changed outside of the stack, with nothing provisioned that it must cover."""
        if function.published or function.orphan or self.rng.random() > 0.15:
            return function
        return replace(function, by_hand=self.count(most), quiet=self.rng.random() < 0.5)

    def function(self, most: int) -> Function:
        """A function that claims at most so much."""
        plain = Function(
            self.word(),
            self.rng.choice([None, self.word()]),
            retained=self.rng.random() < 0.15,
            durable=self.rng.random() < 0.15,
            managed=self.rng.choice([None] * 17 + [False, False, True]),
        )
        match self.rng.choice(["plain", "stopped", "reserved", "reserved", "inside", "inside", "provisioned"]):
            case "stopped":
                return replace(plain, reserved=0)
            case "reserved":
                return replace(plain, reserved=most)
            case "inside":
                return replace(self.publish(plain, self.rng.randint(0, most)), reserved=most)
            case "provisioned":
                return self.publish(plain, most)
            case _:
                return plain

    def publish(self, function: Function, most: int) -> Function:
        """The same with a version and perhaps aliases, which provision at most so much together."""
        one = self.rng.randint(0, most)
        match self.rng.choice(["version", "alias", "aliases", "orphan beside", "orphan"]):
            case "version":
                return replace(function, version=self.fresh(most), aliases=(self.fresh(0),))
            case "alias":
                return replace(function, version=self.fresh(0), aliases=(self.fresh(most),))
            case "aliases":
                pair = (self.fresh(most), self.fresh(0))
                return replace(function, version=self.fresh(0), aliases=pair)
            case "orphan":
                return replace(function, version=None, aliases=(), orphan=most)
            case _:
                rest = self.fresh(most - one)
                return replace(function, version=self.fresh(0), aliases=(rest,), orphan=one)

    def fresh(self, provisioned: int) -> Published:
        return Published(self.word(), self.word(), provisioned or None, self.rng.random() < 0.15)

    def next(self, stack: Stack) -> Stack:
        """What an update makes of a stack: something of most functions, now and then one less or one more."""
        moved = [self._moved(function) for function in stack if self.rng.random() > 0.15]
        if not moved or self.rng.random() < 0.3:
            moved.append(self.function(self.count(self.room)))
        return tuple(moved)

    def _moved(self, function: Function) -> Function:
        function, moves = replace(function, by_hand=None), self.rng.randint(0 if function.by_hand else 1, 3)
        for move in self.rng.choices(MOVES, k=moves):
            function = move(self, function)
        if self.rng.random() < 0.08:
            return _misset(self, function)
        return function if self.rng.random() < 0.2 else _covered(function)


def _reserve(maker: Maker, function: Function) -> Function:
    return replace(function, reserved=maker.rng.choice([None, 0, 1, *(maker.count(maker.room) for _ in range(5))]))


def _reserve_what_is_provisioned(maker: Maker, function: Function) -> Function:
    return replace(function, reserved=max(0, function.provisioned + maker.rng.randint(-2, 2)))


def _nudge(maker: Maker, function: Function) -> Function:
    return replace(function, reserved=max(0, (function.reserved or 0) + maker.rng.randint(-5, 5)))


def _rename(maker: Maker, function: Function) -> Function:
    return replace(function, name=maker.rng.choice([None, maker.word()]), orphan=0)


def _repackage(maker: Maker, function: Function) -> Function:
    """CloudFormation refuses to replace a function whose name stays."""
    return replace(_rename(maker, function), image=not function.image)


def _make_durable(maker: Maker, function: Function) -> Function:
    """Durable execution turned on or off, which replaces the function."""
    return replace(_rename(maker, function), durable=not function.durable)


def _manage(maker: Maker, function: Function) -> Function:
    return replace(function, managed=maker.rng.choice([None, False, False, True]))


def _publish(maker: Maker, function: Function) -> Function:
    return maker.publish(function, maker.count(maker.room // 2))


def _provision(maker: Maker, function: Function) -> Function:
    """Another value for one alias or version, and none for the others; that of a version replaces it."""
    if not function.published:
        return _publish(maker, function)
    chosen = maker.rng.choice(function.published)
    for other in function.published:
        function = _with(function, replace(other, provisioned=None))
    return _with(function, replace(chosen, provisioned=maker.count(maker.room // 2) or None))


def _shift(maker: Maker, function: Function) -> Function:
    """The provisioned concurrency of one goes to another one."""
    holders = [published for published in function.published if published.provisioned]
    if not holders or len(function.published) == 1:
        return function
    giver = maker.rng.choice(holders)
    taker = maker.rng.choice([published for published in function.published if published != giver])
    function = _with(function, replace(giver, provisioned=None))
    return _with(function, replace(taker, provisioned=(taker.provisioned or 0) + (giver.provisioned or 0)))


def _renew(maker: Maker, function: Function) -> Function:
    """The version, or an alias, replaced: under another logical id, or by a create-only property."""
    if not function.published:
        return function
    chosen = maker.rng.choice(function.published)
    if maker.rng.random() < 0.5:
        return _with(function, replace(chosen, word=maker.word()))
    moved = Published(maker.word(), maker.word(), chosen.provisioned)
    return _with(function, moved, instead_of=chosen.logical_id)


def _unpublish(maker: Maker, function: Function) -> Function:
    if not function.aliases or maker.rng.random() < 0.5:
        return replace(function, version=None, aliases=())
    return replace(function, aliases=function.aliases[1:])


def _with(function: Function, published: Published, instead_of: str | None = None) -> Function:
    key = instead_of or published.logical_id
    if function.version and function.version.logical_id == key:
        return replace(function, version=published)
    aliases = tuple(published if alias.logical_id == key else alias for alias in function.aliases)
    return replace(function, aliases=aliases)


def _retain(maker: Maker, function: Function) -> Function:
    """The policy of one of them turned; a removal goes by the old one, a replacement by the new."""
    if not function.published or maker.rng.random() < 0.5:
        return replace(function, retained=not function.retained)
    chosen = maker.rng.choice(function.published)
    return _with(function, replace(chosen, retained=not chosen.retained))


MOVES: tuple[Callable[[Maker, Function], Function], ...] = (
    _reserve,
    _reserve,
    _nudge,
    _reserve_what_is_provisioned,
    _rename,
    _repackage,
    _make_durable,
    _manage,
    _publish,
    _provision,
    _shift,
    _renew,
    _unpublish,
    _retain,
)


def _misset(maker: Maker, function: Function) -> Function:
    """Provisioned concurrency as Lambda refuses it, whatever the account has left."""
    version, one, other = replace(function.version or maker.fresh(0), provisioned=None), maker.fresh(1), maker.fresh(1)
    plain = replace(function, version=version, managed=None)
    match maker.rng.choice(["latest", "zero", "zero on a version", "both", "two aliases"]):
        case "latest":
            return replace(plain, aliases=(replace(one, latest=True),))
        case "zero":
            return replace(plain, aliases=(replace(one, provisioned=0),))
        case "zero on a version":
            return replace(plain, version=replace(version, provisioned=0), aliases=())
        case "both":
            return replace(plain, version=replace(version, provisioned=1), aliases=(one,))
        case _:
            return replace(plain, aliases=(one, other))


def _covered(function: Function) -> Function:
    if not function.reserved:
        return function
    return replace(function, reserved=max(function.reserved, function.provisioned))
