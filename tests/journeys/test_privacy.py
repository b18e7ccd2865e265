"""People use their rights: they read the notice, get all their data as a file, report an absence, and leave."""

import json
from typing import Any

import pytest

from core.actions import people
from core.db import Database
from core.queries import people as queries
from core.rules.people import Role
from sandbox.model import Message
from sandbox.people import Person, Telegram
from tests.journeys.installation import Installation, at
from tests.journeys.register import Register


@pytest.fixture
def staff() -> int:
    return 6


def open_round(town: Installation, register: Register) -> None:
    register.owner.writes("/koordination")
    register.owner.presses("Pulsrunde")
    register.owner.presses("Jetzt beginnen …")
    register.owner.presses("Jetzt beginnen und alle einladen")
    register.owner.sees("sind unterwegs")
    town.settle()


def answer(person: Person, how_many: int | None = None) -> None:
    """So many statements from the first one on, or all of them."""
    person.presses("Beginnen")
    count = int(person.sees("Aussage 1 von").content.body.split()[3])
    for number in range(1, (how_many or count) + 1):
        person.presses("stimme voll zu", message=person.sees(f"Aussage {number} von"))
    person.sees(f"Aussage {how_many + 1} von" if how_many else "Danke")


def english(person: Person) -> None:
    person.writes("/sprache")
    person.presses("English")
    person.sees("In which language")


def file_in(message: Message) -> Any:
    file = message.content.file
    assert file is not None
    assert file.kind == "document"
    return json.loads(file.content)


def names(town: Installation, register: Register) -> set[str]:
    database = Database(town.settings.database_url)
    try:
        with database.begin() as db:
            return {m.name for m in queries.members(db, register.municipality_id)}
    finally:
        database.dispose()


def test_everybody_gets_a_file_of_their_data_without_answers(town: Installation, register: Register) -> None:
    open_round(town, register)
    person = register.staff[0]
    answer(person, 3)
    person.writes("/datenschutz")
    person.presses("Meine Daten als Datei")
    shown = person.sees("dreiklang-meine-daten.json")
    assert not shown.protected
    assert shown.contains("Ihre Antworten stehen nicht darin")
    content = file_in(shown)
    assert content["Telegram-Konto"]["Nummer"] == person.id
    assert [entry["Name"] for entry in content["Verzeichnis"]] == ["Beteiligte 0 Ümläut"]
    (asked,) = content["Eingeladen zu Runden"]
    assert asked["Aussagen in der Urne für Sie (Antworten oder „keine Angabe“)"] == 3
    file = shown.content.file
    assert file is not None
    assert "stimme" not in file.content.decode()
    # The way on from a file is a new message.
    person.presses("Zum Menü", message=shown)
    person.sees("Eine Pulsrunde ist offen", after=shown)


def test_the_file_speaks_english_too(town: Installation, telegram: Telegram, register: Register) -> None:
    person = register.staff[1]
    english(person)
    person.writes("/mydata")
    content = file_in(person.sees("dreiklang-my-data.json"))
    assert content["Telegram account"]["Number"] == person.id
    stranger = telegram.person("Eve", language="en")
    stranger.writes("/mydata")
    assert stranger.sees("Nothing is stored about your Telegram account").content.file is None


def test_whoever_leaves_takes_the_open_answers_along(town: Installation, register: Register) -> None:
    open_round(town, register)
    leaver, *others = register.staff
    for person in register.staff:
        answer(person)
    leaver.writes("/löschen")
    question = leaver.sees("abmelden?")
    leaver.presses("Abmelden und meine Daten löschen", message=question)
    leaver.sees("Ihre Daten sind gelöscht")
    assert "Beteiligte 0 Ümläut" not in names(town, register)
    leaver.writes("/abmelden")
    leaver.sees("Sie sind abgemeldet")
    town.settle()
    town.advance(at(2026, 11, 27, 14))
    for room in (*others, register.channel):
        room.sees("5 von")
    assert not leaver.has("Beteiligung")
    assert not register.owner.has("hat sich abgemeldet")


def test_leaving_in_english_and_coming_back(town: Installation, register: Register) -> None:
    person = register.staff[2]
    english(person)
    person.writes("/leave")
    question = person.sees("This cannot be undone")
    person.presses("Back")
    person.sees("Data protection in short")
    assert "Beteiligte 2 Ümläut" in names(town, register)
    person.presses("Sign off …")
    person.presses("Sign off and delete my data")
    person.sees("Your data are deleted")
    # Telegram says German of this phone, and there is nobody left who chose a language.
    assert person.raw_callback(question, f"lx:{register.municipality_id}") == ""
    person.sees("Sie sind abgemeldet")
    person.writes("/menu")
    person.sees("Zum Mitmachen brauchen Sie einen Einladungslink")
    register.owner.writes("/koordination")
    register.owner.presses("Personen")
    assert "Beteiligte 2 Ümläut" not in names(town, register)


def test_the_last_coordinator_is_told_what_to_do(town: Installation, register: Register) -> None:
    register.owner.writes("/abmelden")
    register.owner.sees("Sie sind die letzte Person in der Koordination. Bitte laden Sie zuerst eine weitere ein.")
    assert "Maren Vogt" in names(town, register)


def test_whoever_is_in_two_municipalities_leaves_one(town: Installation, register: Register) -> None:
    person, now = register.staff[4], town.clock.now()
    with town.down():
        database = Database(town.settings.database_url)
        with database.begin() as db:
            token = people.found(db, "Stadt Beispielhausen", now)
            lead = people.join(db, queries.token_hash(token), register.owner.id, "de", "Maren Vogt", now)
            _, token = people.invite(db, lead, Role.PARTICIPANT, None, "Nina Beispiel", now)
            people.join(db, queries.token_hash(token), person.id, "de", "", now)
        database.dispose()
    person.writes("/loeschen")
    person.sees("Bei welcher Kommune möchten Sie sich abmelden?")
    person.presses("Stadt Beispielhausen")
    assert not person.sees("Stadt Beispielhausen: abmelden?").contains("alles Übrige")
    person.presses("Abmelden und meine Daten löschen")
    person.sees("Sie sind abgemeldet: Stadt Beispielhausen")
    assert "Beteiligte 4 Ümläut" in names(town, register)
    person.presses("Zum Menü")
    person.sees("Landkreis Musterland")
    person.writes("/meinedaten")
    file = person.sees("dreiklang-meine-daten.json").content.file
    assert file is not None
    assert b"Beispiel" not in file.content


def test_an_absence_is_reported_seen_and_ended(town: Installation, register: Register) -> None:
    person = register.staff[3]
    person.writes("/menu")
    person.presses("Abwesenheit")
    person.sees("Niemand fragt nach einem Grund")
    assert person.presses("Zwei Wochen") == "Gespeichert"
    person.sees("Sie sind abwesend bis einschließlich Mo., 7. Dezember 2026")
    person.presses("Einen anderen Tag nennen …")
    person.writes("irgendwann")
    person.sees("Diesen Tag habe ich nicht verstanden")
    person.writes("bis 14.12.")
    person.sees("bis einschließlich Mo., 14. Dezember 2026")
    person.writes("/menu")
    person.sees("Abwesend bis Mo., 14. Dezember 2026")
    person.presses("Abwesenheit")
    assert person.presses("Ich bin wieder da") == "Willkommen zurück. Ihre Abwesenheit ist gelöscht."
    english(person)
    person.writes("/away until 4 Dec")
    person.sees("You are away until Fri, 4 December 2026")
    # The pulse may be answered all the same.
    open_round(town, register)
    person.presses("Begin")
    person.sees("Statement 1 of")
