"""A round from its opening to an extended close: who is reminded, who is not, and what the coordination learns."""

from datetime import timedelta

import pytest

from sandbox.people import Person, Telegram
from tests.journeys.installation import Installation, at
from tests.journeys.register import Register

HALF_TIME = at(2026, 11, 25, 8)
LAST_MORNING = at(2026, 11, 27, 8)


@pytest.fixture
def staff() -> int:
    return 6


def _open_round(town: Installation, register: Register) -> None:
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Pulsrunde")
    maren.presses("Jetzt beginnen …")
    maren.presses("Kurzform mit sechs Aussagen")
    maren.sees_button("Langform mit neun Aussagen")
    maren.presses("Jetzt beginnen und alle einladen")
    maren.sees("sind unterwegs")
    town.settle()


def _goes_through(person: Person, answer: str, first: int = 1) -> None:
    for number in range(first, 7):
        person.sees(f"Aussage {number} von 6")
        person.presses(answer)
    person.sees("Danke!")


def test_reminders_reach_those_who_have_not_finished_and_nobody_else(town: Installation, register: Register) -> None:
    finished, partly, silent, away, english, blocking = register.staff
    english.writes("/language")
    english.presses("English")
    away.writes("/abwesend bis 14.12.")
    away.sees("14. Dezember 2026")
    _open_round(town, register)
    finished.presses("Beginnen")
    _goes_through(finished, "keine Angabe")
    partly.presses("Beginnen")
    partly.presses("teils, teils")
    partly.sees("Aussage 2 von 6")
    blocking.blocks()

    town.advance(HALF_TIME)
    for person in (partly, silent):
        person.sees("Erinnerung: Puls – Landkreis Musterland")
        person.sees("Bitte nutzen Sie die Erinnerung")
    english.sees("Reminder: pulse – Landkreis Musterland")
    for person in (finished, away, blocking):
        assert not person.has("Erinnerung")
    partly.presses("Zu den Aussagen", message=partly.sees("Erinnerung"))
    partly.sees("Aussage 2 von 6")

    # A restart in between sends nothing twice.
    with town.down():
        pass
    town.advance(HALF_TIME + timedelta(hours=3))
    assert len([m for m in silent.messages if m.contains("Erinnerung: ")]) == 1

    _goes_through(partly, "stimme eher zu", first=2)
    town.advance(LAST_MORNING)
    assert len([m for m in silent.messages if m.contains("Erinnerung: ")]) == 2
    assert not partly.has("Erinnerung: ")
    assert not finished.has("Erinnerung")


def test_a_round_with_too_few_answers_is_extended_once_and_everybody_is_told(
    town: Installation, register: Register
) -> None:
    maren = register.owner
    _open_round(town, register)
    for person in register.staff[:3]:
        person.presses("Beginnen")
        person.presses("stimme eher zu")
        person.sees("Aussage 2 von 6")
    maren.presses("Pulsrunde")
    maren.sees("steht hier ab drei Personen")
    town.advance(at(2026, 11, 24, 8))
    maren.writes("/koordination")
    maren.presses("Pulsrunde")
    maren.sees("Teilgenommen haben bisher 3 von 7")
    assert not maren.has("endet heute")

    town.advance(LAST_MORNING)
    offer = maren.sees("Pulsrunde 1 endet heute")
    maren.presses("Länger offen lassen", message=offer)
    maren.sees("Die Runde ist offen bis Fr., 4. Dezember 2026, 15:00 Uhr")
    town.settle()
    for person in register.everybody:
        told = person.sees("Die Runde bleibt länger offen: bis Fr., 4. Dezember 2026, 15:00 Uhr")
        assert "Zu den Aussagen" in str(told.buttons)
    assert "lässt sich nicht verlängern" in maren.raw_callback(offer, f"re:{register.municipality_id}:1")

    town.advance(at(2026, 11, 27, 14, 1))
    for person in register.staff[:5]:
        person.presses("Zu den Aussagen", message=person.sees("Die Runde bleibt länger offen"))
        _goes_through(person, "stimme eher zu", first=2 if person in register.staff[:3] else 1)
    town.advance(at(2026, 12, 4, 14))
    register.channel.sees("Beteiligung: 5 von 7")
    # The message that was live becomes "ended"; the older one stays a pointer.
    silent = register.staff[5]
    assert silent.sees("Runde beendet").id > silent.sees("Bitte nutzen Sie die neuere Nachricht").id


def test_whom_telegram_lets_wait_is_put_off_and_holds_up_nobody(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    first, *others = register.staff
    _open_round(town, register)
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1, chat_id=first.id)
    with town.down():
        town.clock.moment = HALF_TIME
    for person in (*others, first):
        person.sees("Erinnerung: Puls – Landkreis Musterland")
    town.settle()
    for person in register.everybody:
        assert len([m for m in person.messages if m.contains("Erinnerung: ")]) == 1
