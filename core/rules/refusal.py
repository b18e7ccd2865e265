"""A deed that may not be done says why; the words stand in ``screens.refusals``."""

from enum import Enum, auto


class Reason(Enum):
    NOT_A_MEMBER = auto()
    NOT_A_COORDINATOR = auto()
    NOT_FOUND = auto()
    STALE_BUTTON = auto()
    NOT_UNDERSTOOD = auto()
    NOTHING_TO_UNDO = auto()

    LINK_UNKNOWN = auto()
    LINK_USED = auto()
    LINK_EXPIRED = auto()
    LINK_REVOKED = auto()
    LINK_FULL = auto()

    NAME_EMPTY = auto()
    NAME_TOO_LONG = auto()
    NAME_TAKEN = auto()
    TEXT_EMPTY = auto()
    TEXT_TOO_LONG = auto()
    TOO_MANY_LINES = auto()
    DEPARTMENT_NOT_EMPTY = auto()
    SEAT_TAKEN = auto()
    ALREADY_CONNECTED = auto()
    LAST_COORDINATOR = auto()
    LAST_TO_COORDINATE = auto()

    CHANNEL_IS_PUBLIC = auto()
    CHANNEL_IS_TAKEN = auto()
    CHANNEL_IS_GONE = auto()

    SETUP_INCOMPLETE = auto()
    ROUND_RUNNING = auto()
    ROUND_NOT_PLANNED = auto()
    ROUND_OVER = auto()
    NOT_INVITED = auto()
    NOBODY_TO_INVITE = auto()
    NOT_EXTENDABLE = auto()
    PLAN_GONE = auto()
    NEEDS_ANOTHER_COORDINATOR = auto()
    STATEMENT_DECIDED = auto()
    STATEMENT_KNOWN = auto()
    TOO_MANY_STATEMENTS = auto()
    TOO_MANY_PERIODS = auto()
    DATE_NOT_UNDERSTOOD = auto()
    DAY_NOT_UNDERSTOOD = auto()
    DATE_IN_THE_PAST = auto()
    DATE_TOO_FAR = auto()
    DATE_IN_THE_FUTURE = auto()
    PERIOD_BACKWARDS = auto()
    PERIOD_NOT_UNDERSTOOD = auto()


class Refusal(Exception):  # noqa: N818  (it is an answer to a person, not a failure of the program)
    """``details`` are the values that the words need, e.g. ``limit=80``."""

    def __init__(self, reason: Reason, **details: object) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.details = details
