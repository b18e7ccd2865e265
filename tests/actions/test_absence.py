"""Being away: until a day that the person names; forgotten when it is over."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from core.actions import absence, drafts
from core.queries import people as people_queries
from core.rules.people import Account
from core.rules.refusal import Reason
from core.tables import AccountRow, MunicipalityRow
from handlers import absence as handlers
from handlers import start
from handlers.turn import Turn
from screens import Screen
from screens.absence import next_friday
from screens.buttons import LARGEST, AskAway, CancelForm, ComeBack, GoAway, ShowAbsence
from screens.l10n import texts
from tests.actions.town import Town, found, refused, tables

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def days(town: Town, account: Account) -> tuple[date | None, date | None]:
    with town.database.begin() as db:
        row = db.get_one(AccountRow, account.id)
        return row.away_from, row.away_until


def away(town: Town, account: Account, until: date, today: date = TODAY) -> None:
    town.do(absence.set_away, account, until, today)


@pytest.fixture
def anna(town: Town) -> Account:
    return town.account(town.connect(5_001, "Anna"))


# The deeds


@pytest.mark.parametrize("until", [TODAY, TODAY + DAY, TODAY + timedelta(days=366)])
def test_somebody_is_away_from_today_until_the_day_they_name(town: Town, anna: Account, until: date) -> None:
    away(town, anna, until)
    assert days(town, anna) == (TODAY, until)
    known = town.do(people_queries.account, anna.telegram_id)
    assert known is not None
    assert (known.absence(until), known.absence(until + DAY)) == (until, None)


@pytest.mark.parametrize(
    ("until", "reason"),
    [(TODAY - DAY, Reason.DATE_IN_THE_PAST), (TODAY + timedelta(days=367), Reason.DATE_TOO_FAR)],
)
def test_a_day_that_makes_no_sense_is_refused_and_changes_nothing(
    town: Town, anna: Account, until: date, reason: Reason
) -> None:
    away(town, anna, TODAY + DAY)
    with refused(reason):
        away(town, anna, until)
    assert days(town, anna) == (TODAY, TODAY + DAY)


def test_another_day_replaces_the_first_and_the_absence_has_lasted_all_along(town: Town, anna: Account) -> None:
    away(town, anna, TODAY + 3 * DAY)
    away(town, anna, TODAY + 9 * DAY, TODAY + 3 * DAY)
    assert days(town, anna) == (TODAY, TODAY + 9 * DAY)
    away(town, anna, TODAY + 5 * DAY, TODAY + 4 * DAY)
    assert days(town, anna) == (TODAY, TODAY + 5 * DAY)


def test_an_absence_after_one_that_is_over_begins_anew(town: Town, anna: Account) -> None:
    away(town, anna, TODAY + DAY)
    away(town, anna, TODAY + 9 * DAY, TODAY + 2 * DAY)
    assert days(town, anna) == (TODAY + 2 * DAY, TODAY + 9 * DAY)


def test_coming_back_forgets_both_days_and_nobody_elses(town: Town, anna: Account) -> None:
    other = town.account(town.connect(5_002))
    for account in (anna, other):
        away(town, account, TODAY + DAY)
    town.do(absence.come_back, anna)
    town.do(absence.come_back, anna)
    assert days(town, anna) == (None, None)
    assert days(town, other) == (TODAY, TODAY + DAY)


@pytest.mark.parametrize(
    ("zone", "still", "over"),
    [
        # The last day is over at midnight, wherever that is.
        ("Europe/Berlin", datetime(2026, 11, 27, 22, 59, 59, tzinfo=UTC), datetime(2026, 11, 27, 23, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 28, 4, 59, 59, tzinfo=UTC), datetime(2026, 11, 28, 5, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 11, 27, 9, 59, 59, tzinfo=UTC), datetime(2026, 11, 27, 10, tzinfo=UTC)),
    ],
)
def test_an_absence_is_forgotten_when_its_last_day_is_over_where_the_person_is(
    town: Town, anna: Account, zone: str, still: datetime, over: datetime
) -> None:
    town.do(lambda db: db.execute(update(MunicipalityRow).values(zone=zone)))
    away(town, anna, date(2026, 11, 27))
    town.do(absence.forget_past, still)
    assert days(town, anna) == (TODAY, date(2026, 11, 27))
    town.do(absence.forget_past, over)
    assert days(town, anna) == (None, None)


def test_only_what_is_over_is_forgotten(town: Town, anna: Account) -> None:
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 3_001)
    town.do(lambda db: db.execute(update(MunicipalityRow).where(MunicipalityRow.id == other.id).values(zone="UTC")))
    nowhere, later = other.account(other.connect(5_003)), town.account(town.connect(5_002))
    town.do(lambda db: db.execute(update(AccountRow).where(AccountRow.id == nowhere.id).values(municipality_id=None)))
    for account, until in ((anna, TODAY), (later, TODAY + 2 * DAY), (nowhere, TODAY)):
        away(town, account, until)
    # In Berlin, where whoever has chosen no municipality is taken to be, the day is over; in UTC it is not.
    away(town, other.account(other.coordinator), TODAY)
    town.do(absence.forget_past, datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    assert days(town, anna) == days(town, nowhere) == (None, None)
    assert days(town, later) == (TODAY, TODAY + 2 * DAY)
    assert days(town, other.account(other.coordinator)) == (TODAY, TODAY)
    before = tables(town.database)
    town.do(absence.forget_past, datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    assert tables(town.database) == before


# The door


class Door:
    """Anna's presses and words, each a transaction of its own."""

    def __init__(self, town: Town, account: Account) -> None:
        self.town, self.account = town, account

    def __call__(self, handler: object, asked: object, *more: object) -> Screen:
        with self.town.database.begin() as db:
            account, members = people_queries.identity(db, self.account.telegram_id)
            turn = Turn(
                db=db, urns=self.town.urns, t=texts("de"), now=self.town.now, bot_name="dreiklang_bot",
                telegram_id=self.account.telegram_id, account=account, members=members, acting=members[0],
            )  # fmt: skip
            assert callable(handler)
            screen = handler(turn, asked, *more)
            assert isinstance(screen, Screen)
            return screen


@pytest.fixture
def door(town: Town, anna: Account) -> Door:
    return Door(town, anna)


@pytest.mark.parametrize("words", ["bis 14.12.", "14.12.", "bis zum 14. Dezember", "until 14 Dec 2026", "2026-12-14"])
def test_a_day_may_stand_behind_the_command_or_be_written_when_asked(
    town: Town, anna: Account, door: Door, words: str
) -> None:
    assert "Mo., 14. Dezember 2026" in door(handlers.away, words).text
    assert days(town, anna) == (TODAY, date(2026, 12, 14))
    door(handlers.come_back, ComeBack())
    door(handlers.ask_day, AskAway())
    assert town.do(drafts.current, anna.telegram_id) == ("away", {})
    assert "Mo., 14. Dezember 2026" in door(handlers.day_given, {}, words).text
    assert days(town, anna) == (TODAY, date(2026, 12, 14))
    assert town.do(drafts.current, anna.telegram_id) is None


@pytest.mark.parametrize("words", ["morgen vielleicht", "bis", "14.12.2026 9:00", "31.2.", "x" * 4000])
def test_words_that_are_no_day_are_refused_with_an_example(town: Town, anna: Account, door: Door, words: str) -> None:
    with refused(Reason.DAY_NOT_UNDERSTOOD):
        door(handlers.away, words)
    assert days(town, anna) == (None, None)


@pytest.mark.parametrize("day", [0, 1, 20_261_131, 99_999_999, 20_261_301, LARGEST])
def test_a_forged_day_is_a_stale_button(door: Door, day: int) -> None:
    with refused(Reason.STALE_BUTTON):
        door(handlers.go_away, GoAway(day))


def test_a_button_of_last_week_no_longer_counts(town: Town, anna: Account, door: Door) -> None:
    with refused(Reason.DATE_IN_THE_PAST):
        door(handlers.go_away, GoAway(20_261_122))
    assert days(town, anna) == (None, None)


def test_the_day_on_a_button_is_the_day_that_counts(town: Town, anna: Account, door: Door) -> None:
    screen = door(handlers.away, "")
    pressed = [key for row in screen.keyboard for key in row if isinstance(getattr(key, "button", None), GoAway)]
    assert len(pressed) == 4
    for key in pressed:
        button = getattr(key, "button", None)
        assert isinstance(button, GoAway)
        door(handlers.go_away, button)
        _, until = days(town, anna)
        assert until is not None
        assert texts("de").day(until) in key.label


def test_the_way_back_ends_the_form(town: Town, anna: Account, door: Door) -> None:
    door(handlers.ask_day, AskAway())
    door(handlers.show, ShowAbsence())
    assert town.do(drafts.current, anna.telegram_id) is None
    # So does the key of an older form, which knows nothing of this one.
    door(handlers.ask_day, AskAway())
    assert "Landkreis Musterland" in door(start.cancel, CancelForm()).text
    assert town.do(drafts.current, anna.telegram_id) is None


def test_the_menu_tells_of_an_absence_until_it_is_over(town: Town, anna: Account) -> None:
    away(town, anna, TODAY)
    assert "Abwesend bis Mo., 23. November 2026" in Door(town, anna)(start.menu, "").text
    tomorrow = town.at(town.now + DAY)
    assert "Abwesend" not in Door(tomorrow, anna)(start.menu, "").text
    assert "einschließlich" not in Door(tomorrow, anna)(handlers.away, "").text


@pytest.mark.parametrize(
    ("today", "friday"),
    [
        (date(2026, 11, 23), date(2026, 11, 27)),
        (date(2026, 11, 26), date(2026, 11, 27)),
        (date(2026, 11, 27), date(2026, 12, 4)),
        (date(2026, 11, 28), date(2026, 12, 4)),
        (date(2026, 11, 29), date(2026, 12, 4)),
    ],
)
def test_the_friday_offered_is_the_next_one(today: date, friday: date) -> None:
    assert next_friday(today) == friday
