"""The digest that the coordination channel gets at the times that the municipality has set."""

from collections.abc import Sequence
from datetime import date, datetime

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.trends import Result
from screens import Screen
from screens.figures import History, in_words, nothing_shown
from screens.l10n import Texts, lines
from screens.trends import channel_keys


def digest(
    t: Texts,
    here: Municipality,
    today: date,
    results: Sequence[Result],
    history: History,
    next_opens: datetime | None,
    open_until: datetime | None,
) -> Screen:
    """One section after the other, each empty if there is nothing to say; text only."""
    text = lines(
        t("<b>{municipality} – overview</b>", municipality=here.name) + Markup("\n") + t.day(today),
        _last_result(t, results, history),
        _dates(t, here, next_opens, open_until),
    )
    return Screen(text, channel_keys(t, here), protected=True)


def _last_result(t: Texts, results: Sequence[Result], history: History) -> Markup:
    if not results:
        return t("There is no result yet. It comes here when the first round has ended.")
    now = results[-1]
    return lines(
        t("<b>Last result: round {number}, {date}</b>", number=now.number, date=t.long_date(now.closed_on)),
        nothing_shown(t, now) if now.participation is None else in_words(t, results, history),
    )


def _dates(t: Texts, here: Municipality, next_opens: datetime | None, open_until: datetime | None) -> Markup | str:
    dates = [
        t("A pulse round is open until {moment}.", moment=t.moment(open_until, here.zone)) if open_until else "",
        t("The next pulse round opens: {moment}", moment=t.moment(next_opens, here.zone)) if next_opens else "",
    ]
    if not any(dates):
        return ""
    return Markup("\n").join((t("<b>Next dates</b>"), *filter(None, dates)))
