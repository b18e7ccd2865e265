"""BEATS: everything that wakes by itself on one page. What is due is in the database; a beat is only an alarm clock."""

from collections.abc import Callable
from dataclasses import dataclass

from scheduler import plans, pulse, upkeep
from scheduler.moment import Moment


@dataclass(frozen=True)
class Beat:
    """Plain functions, run in this order, each in transactions of its own until it finds nothing more to do."""

    name: str
    seconds: int
    steps: tuple[Callable[[Moment], bool], ...]


BEATS = (
    Beat(
        "pulse",
        5,
        (
            pulse.open_due,
            pulse.invite,
            pulse.cancel_without_urn,
            pulse.begin_close,
            pulse.look,
            pulse.remind,
            pulse.count,
            pulse.destroy,
            pulse.tell_end,
            pulse.settle,
        ),
    ),
    Beat("plans", 5, (plans.plan_ahead, plans.post_digest)),
    Beat("upkeep", 3600, (upkeep.forget,)),
)
