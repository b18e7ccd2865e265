"""Who is who: roles, permissions, names, and what a municipality still needs before it is set up."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, StrEnum

from core.rules.refusal import Reason, Refusal

NAME_LIMIT = 80
TOPIC_LIMIT = 200
NOTE_LIMIT = 200
DEPARTMENTS_AT_ONCE = 60
LINK_LIFETIME = timedelta(days=14)
CROWD_CAPACITY = 50
COORDINATORS_NEEDED = 2
HOME_ZONE = "Europe/Berlin"
"""Where somebody is taken to be whose municipality says nothing else."""


class Role(StrEnum):
    COORDINATOR = "coordinator"
    REPRESENTATIVE = "representative"
    DEPUTY = "deputy"
    PARTICIPANT = "participant"


class DepartmentKind(StrEnum):
    DEPARTMENT = "department"
    PARTNER = "partner"


class Permission(Enum):
    """What a route asks of the one who knocks; the deed itself asks again."""

    ANYONE = "anyone"
    MEMBER = "member"
    COORDINATOR = "coordinator"


class Reachability(Enum):
    INVITED = "invited"
    CONNECTED = "connected"
    BLOCKED = "blocked"


class Involvement(StrEnum):
    """Whose involvement is recorded before a first round may open."""

    COUNCIL = "council"
    PROTECTION = "protection"


class Gap(Enum):
    """What a municipality's setup still lacks."""

    TOPIC = "topic"
    COUNCIL = "council"
    PROTECTION = "protection"
    DEPARTMENTS = "departments"
    COORDINATORS = "coordinators"
    CHANNEL = "channel"


BLOCKING_GAPS = frozenset({Gap.TOPIC, Gap.COUNCIL, Gap.PROTECTION})


@dataclass(frozen=True)
class Municipality:
    id: int
    name: str
    locale: str
    zone: str
    topic: str
    council: str
    protection: str
    minimum: int
    """Fewest answers for which anything is shown (RULES 4.2)."""
    land: str
    """The Land whose public holidays count; empty until it is set."""


@dataclass(frozen=True)
class Department:
    id: int
    municipality_id: int
    name: str
    kind: DepartmentKind


@dataclass(frozen=True)
class Account:
    id: int
    telegram_id: int
    locale: str
    municipality_id: int | None
    """The municipality whose menu commands open; None until the account belongs to one."""
    away_until: date | None = None
    """The last day of an absence."""

    def absence(self, today: date) -> date | None:
        """The last day of an absence that is not over yet."""
        return None if self.away_until is None or self.away_until < today else self.away_until


@dataclass(frozen=True)
class Member:
    id: int
    municipality_id: int
    municipality: str
    department_id: int | None
    department: str
    role: Role
    rank: int
    name: str
    account_id: int | None
    reachability: Reachability

    @property
    def is_coordinator(self) -> bool:
        return self.role is Role.COORDINATOR


@dataclass(frozen=True)
class Invitation:
    """What an opened link promises; ``name`` is empty where the person is to say it."""

    id: int
    municipality_id: int
    municipality: str
    topic: str
    department: str
    role: Role
    rank: int
    name: str
    member_id: int | None
    for_many: bool


@dataclass(frozen=True)
class Channel:
    id: int
    municipality_id: int
    chat_id: int
    title: str
    confirmed: bool


@dataclass(frozen=True)
class Setup:
    municipality: Municipality
    coordinators: int
    departments: int
    people: int
    connected: int
    blocked: int
    channel: Channel | None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """In the order in which a coordinator deals with them."""
        lacking = {
            Gap.TOPIC: not self.municipality.topic,
            Gap.COUNCIL: not self.municipality.council,
            Gap.PROTECTION: not self.municipality.protection,
            Gap.DEPARTMENTS: self.departments == 0,
            Gap.COORDINATORS: self.coordinators < COORDINATORS_NEEDED,
            Gap.CHANNEL: self.channel is None,
        }
        return tuple(gap for gap, missing in lacking.items() if missing)


_SPACES = re.compile(r"\s+")
_BULLET = re.compile(r"^\s*(?:[-–—*•·]|\d{1,2}[.)])\s+")


_BLANK = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters and a symbol that are drawn as nothing."""


def _visible(text: str) -> str:
    """Composed (NFC), without control, zero-width and direction-changing characters."""
    hidden = {"Cc", "Cf", "Co", "Cs", "Cn"}
    kept = (c for c in text if c in "\n\t " or (unicodedata.category(c) not in hidden and c not in _BLANK))
    return unicodedata.normalize("NFC", "".join(kept))


def clean_line(text: str, limit: int) -> str:
    """One line of text from a person, trimmed; raises TEXT_EMPTY or TEXT_TOO_LONG."""
    line = _SPACES.sub(" ", _visible(text)).strip()
    if not line:
        raise Refusal(Reason.TEXT_EMPTY)
    if len(line) > limit:
        raise Refusal(Reason.TEXT_TOO_LONG, limit=limit, length=len(line))
    return line


def clean_name(text: str) -> str:
    """The name of a person, department or municipality; it must contain a letter."""
    name = _SPACES.sub(" ", _visible(text)).strip()
    if not any(c.isalpha() for c in name):
        raise Refusal(Reason.NAME_EMPTY)
    if len(name) > NAME_LIMIT:
        raise Refusal(Reason.NAME_TOO_LONG, limit=NAME_LIMIT, length=len(name), start=name[:30])
    return name


def name_key(name: str) -> str:
    """Two names with the same key are the same name to a reader."""
    return _SPACES.sub(" ", name).strip().casefold()


def pasted_names(text: str) -> tuple[str, ...]:
    """Names from lines as people paste them: bullets and numbers dropped, blanks and repetitions skipped."""
    lines = [_BULLET.sub("", line).strip(" ;,\t") for line in map(_visible, text.splitlines())]
    filled = [line for line in lines if line]
    if not filled:
        raise Refusal(Reason.NAME_EMPTY)
    if len(filled) > DEPARTMENTS_AT_ONCE:
        raise Refusal(Reason.TOO_MANY_LINES, limit=DEPARTMENTS_AT_ONCE, length=len(filled))
    unique: dict[str, str] = {}
    for name in map(clean_name, filled):
        unique.setdefault(name_key(name), name)
    return tuple(unique.values())


def next_rank(taken: Iterable[int]) -> int:
    """Deputies are numbered from 1; a number that became free is given again."""
    ranks = set(taken)
    return next(rank for rank in range(1, len(ranks) + 2) if rank not in ranks)
