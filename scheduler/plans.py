"""What plans make due: the next round, and the digest. Each function does one step in one transaction."""

from core.actions import outbox
from core.actions import plans as deeds
from core.queries import people, plans, pulse, trends
from core.rules.plans import A_DAY
from scheduler.moment import Moment
from screens import as_json
from screens import digest as screens
from screens.l10n import texts


def plan_ahead(moment: Moment) -> bool:
    """Make the next round of a plan whose municipality has none ahead."""
    plan_id = plans.to_plan(moment.db, moment.failed)
    if plan_id is None:
        return False
    with moment.on(plan_id):
        return deeds.plan_ahead(moment.db, plan_id, moment.now)


def post_digest(moment: Moment) -> bool:
    """Post a digest whose time has come to the coordination channel, and await the next one."""
    due = plans.due_digest(moment.db, moment.now, moment.failed)
    if due is None:
        return False
    plan_id, place = due
    with moment.on(plan_id):
        on = deeds.take_digest(moment.db, plan_id, moment.now)
        if on is not None:
            _post(moment, place, f"digest:{plan_id}:{on.isoformat()}")
    return True


def _post(moment: Moment, place: int, key: str) -> None:
    """Without a channel there is nothing to post."""
    channel = people.coordination_channel(moment.db, place)
    if channel is None:
        return
    here, running = people.municipality(moment.db, place), pulse.running(moment.db, place)
    is_open = running is not None and running.is_open(moment.now)
    newest = trends.newest(moment.db, place)
    results = trends.results(moment.db, place, up_to=newest) if newest else ()
    screen = screens.digest(
        texts(here.locale), here, moment.now.astimezone(plans.calendar(moment.db, place).zone).date(),
        results, trends.history(moment.db, place, up_to=newest),
        next_opens=running.opens_at if running and running.opened_at is None else None,
        open_until=running.closes_at if running and is_open else None,
    )  # fmt: skip
    outbox.post(moment.db, key, outbox.Kind.SUMMARY, channel.chat_id, as_json(screen), moment.now, lives=A_DAY)
