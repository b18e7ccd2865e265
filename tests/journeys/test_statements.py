"""A statement of one's own: from the first draft, through a second coordinator, into the rounds; in both languages."""

import pytest

from core.actions import pulse
from core.db import Database
from core.queries import people
from core.rules.pulse import Form
from sandbox.model import Message
from sandbox.people import Person, Telegram
from screens.buttons import ApproveStatement, ProposeStatement
from tests.journeys.installation import PATIENCE, Installation, link_in
from tests.journeys.register import Register

GERMAN = {
    "command": "/koordination",
    "own": "Eigene Aussagen",
    "none": "Es gibt noch keine",
    "second needed": "Für die Freigabe einer Aussage braucht es eine zweite Person",
    "invite": "Person für die Koordination einladen",
    "name": "Vor- und Nachnamen",
    "that is me": "Ja, das bin ich",
    "welcome": "Willkommen",
    "bank": "Fragenbank",
    "in bank": "In jeder Runde:",
    "want": "Wollen",
    "new": "Aussage vorschlagen",
    "can": "Können (Kompetenz)",
    "ask": "in einer Zeile mit höchstens 200 Zeichen",
    "known": "Diese Aussage gibt es schon",
    "preview": "Vorschau: eigene Aussage zu „Können“",
    "question mark": "Sie endet mit einem Fragezeichen",
    "propose": "So vorschlagen",
    "proposed": "Ihre Aussage ist vorgeschlagen",
    "mine": "von Ihnen vorgeschlagen, wartet auf Freigabe durch eine zweite Koordination",
    "waits": "Eine neue Aussage wartet auf Freigabe",
    "look": "Ansehen",
    "approve": "Freigeben",
    "approved": "Freigegeben",
    "is approved": "Ihre Aussage ist freigegeben",
    "to announce": "wird mit der nächsten Runde angekündigt",
    "decline": "Ablehnen",
    "declined": "Abgelehnt und gelöscht",
    "was declined": "Ihre Aussage wurde abgelehnt",
    "withdraw": "Zurückziehen",
    "withdrawn": "Zurückgezogen",
    "decided": "bereits entschieden",
    "retire": "Streichen …",
    "yes retire": "Ja, streichen",
    "retired": "Gestrichen",
    "new wording": "Eine andere Fassung ist eine neue Aussage",
    "yourself": "Das haben Sie selbst vorgeschlagen",
    "shown": "Wir lernen aus Fehlern.",
    "other": "Wir feiern gemeinsame Erfolge.",
}
ENGLISH = {
    "command": "/coordination",
    "own": "Own statements",
    "none": "There are none yet",
    "second needed": "A second one is needed to approve a statement",
    "invite": "Invite somebody to coordinate",
    "name": "first and last name",
    "that is me": "Yes, that is me",
    "welcome": "Welcome",
    "bank": "Question bank",
    "in bank": "In every round:",
    "want": "Want",
    "new": "Propose a statement",
    "can": "Can (competence)",
    "ask": "in one line of at most 200 characters",
    "known": "This statement already exists",
    "preview": "Preview: own statement on “Can”",
    "question mark": "It ends with a question mark",
    "propose": "Propose it like this",
    "proposed": "Your statement is proposed",
    "mine": "proposed by you, waits for approval by a second coordinator",
    "waits": "a new statement waits for approval",
    "look": "Look at it",
    "approve": "Approve",
    "approved": "Approved",
    "is approved": "your statement is approved",
    "to announce": "will be announced with the next round",
    "decline": "Decline",
    "declined": "Declined and deleted",
    "was declined": "your statement was declined",
    "withdraw": "Withdraw",
    "withdrawn": "Withdrawn",
    "decided": "already been decided on",
    "retire": "Retire …",
    "yes retire": "Yes, retire",
    "retired": "Retired",
    "new wording": "another wording is a new statement",
    "yourself": "You proposed this yourself",
    "shown": "We learn from mistakes.",
    "other": "Wir feiern gemeinsame Erfolge.",
}
TEXT = "Wir lernen aus Fehlern.\nWe learn from mistakes."


@pytest.mark.parametrize("says", [GERMAN, ENGLISH], ids=["german", "english"])
def test_a_statement_is_proposed_by_one_and_approved_by_another(
    town: Installation, telegram: Telegram, register: Register, says: dict[str, str]
) -> None:
    maren = register.owner
    if says is ENGLISH:
        maren.writes("/sprache")
        maren.presses("English")
        maren.sees("In which language")
    _own_statements(maren, says)
    maren.sees(says["none"])
    _reads_the_bank(maren, says)
    zoe = _invites_a_second(telegram, maren, says, says)

    draft = _writes(maren, says)
    maren.presses(says["propose"])
    maren.sees(says["proposed"])
    # The same key once more: it is proposed already.
    maren.raw_callback(draft, _propose_key(draft))
    maren.sees(says["mine"])
    town.settle()

    zoe.sees(says["waits"])
    zoe.presses(says["look"])
    shown = zoe.sees_button(says["approve"])
    assert shown.contains("Wir lernen aus Fehlern.")
    assert shown.contains("We learn from mistakes.")
    listed = _own_statements(maren, says)
    maren.presses("1. " + says["shown"], message=listed)
    mine = maren.sees_button(says["withdraw"])
    assert mine.contains(says["new wording"])
    forged = ApproveStatement(register.municipality_id, 1).pack()
    assert says["yourself"] in maren.raw_callback(mine, forged)

    assert zoe.presses(says["approve"]) == says["approved"]
    zoe.sees(says["to announce"])
    assert says["decided"] in zoe.raw_callback(shown, forged)
    assert says["decided"] in maren.presses(says["withdraw"], message=mine)
    town.settle()
    maren.sees(says["is approved"])

    _is_declined_and_withdrawn(town, maren, zoe, says)

    listed = _own_statements(zoe, says)
    zoe.presses("1. " + says["shown"], message=listed)
    zoe.sees_button(says["retire"])
    zoe.presses(says["retire"])
    zoe.sees_button(says["yes retire"])
    assert zoe.presses(says["yes retire"]) == says["retired"]
    zoe.sees(says["none"])
    assert says["decided"] in maren.presses(says["withdraw"], message=mine)


def test_the_key_of_an_older_preview_proposes_nothing_that_was_not_shown(
    telegram: Telegram, register: Register
) -> None:
    maren = register.owner
    first = _writes(maren, GERMAN)
    key = _propose_key(first)
    typed = maren.writes("Wir feiern gemeinsame Erfolge.")
    last = maren.sees("Wir feiern gemeinsame Erfolge.", after=typed)
    maren.raw_callback(first, key)
    # In its place stands now what would be proposed.
    assert telegram.wait_for(lambda: [_text_of(maren, m.id) for m in (first, last)] == [last.text] * 2, PATIENCE)
    assert _own_statements(maren, GERMAN).contains("Es gibt noch keine")
    # Whoever goes elsewhere has left the form.
    maren.raw_callback(maren.last(), key)
    assert _own_statements(maren, GERMAN).contains("Es gibt noch keine")


def test_everybody_is_told_in_their_own_language(town: Installation, telegram: Telegram, register: Register) -> None:
    maren = register.owner
    _own_statements(maren, GERMAN)
    maren.sees_button(GERMAN["invite"])
    zoe = _invites_a_second(telegram, maren, GERMAN, ENGLISH)
    _writes(maren, GERMAN)
    maren.presses(GERMAN["propose"])
    maren.sees(GERMAN["proposed"])
    town.settle()
    assert zoe.sees(ENGLISH["waits"]).contains("Can: “We learn from mistakes.”")
    zoe.presses(ENGLISH["look"])
    zoe.presses(ENGLISH["approve"])
    town.settle()
    assert maren.sees(GERMAN["is approved"]).contains("„Wir lernen aus Fehlern.“")
    _opens_a_round(town, register)
    assert register.staff[0].sees("Puls – Landkreis Musterland").contains("„Wir lernen aus Fehlern.“")
    assert zoe.sees("Pulse – Landkreis Musterland").contains("“We learn from mistakes.”")
    assert _own_statements(maren, GERMAN).contains("angekündigt in Runde 1")


def test_a_draft_survives_a_restart(town: Installation, register: Register) -> None:
    maren = register.owner
    _writes(maren, GERMAN)
    with town.down():
        pass
    maren.presses("So vorschlagen")
    maren.sees("Ihre Aussage ist vorgeschlagen: „Wir lernen aus Fehlern.“")


def _reads_the_bank(maren: Person, says: dict[str, str]) -> None:
    maren.presses(says["bank"])
    maren.sees(says["in bank"])
    maren.presses(says["want"])
    maren.sees_button(says["own"])
    maren.presses(says["own"])
    maren.sees(says["second needed"])


def _invites_a_second(telegram: Telegram, maren: Person, says: dict[str, str], theirs: dict[str, str]) -> Person:
    """Somebody who reads the language of ``theirs``."""
    maren.presses(says["invite"])
    maren.sees(says["name"])
    typed = maren.writes("Zoe Zweite")
    zoe = telegram.person("Zoe", language="en" if theirs is ENGLISH else "de")
    zoe.opens(link_in(maren.sees("https://t.me/", after=typed).text))
    zoe.presses(theirs["that is me"])
    zoe.sees(theirs["welcome"])
    return zoe


def _opens_a_round(town: Installation, register: Register) -> None:
    database = Database(town.settings.database_url)
    now = town.clock.now()
    with database.begin() as db:
        lead = next(m for m in people.members(db, register.municipality_id) if m.is_coordinator)
        pulse.plan(db, lead, now, Form.SHORT, now)
    database.dispose()
    town.settle()


def _own_statements(person: Person, says: dict[str, str]) -> Message:
    """The list, in a message of its own."""
    typed = person.writes(says["command"])
    panel = person.sees("Landkreis Musterland", after=typed)
    person.presses(says["own"], message=panel)
    return person.sees(says["own"], after=typed)


def _opens_the_form(maren: Person, says: dict[str, str]) -> None:
    listed = _own_statements(maren, says)
    maren.presses(says["new"], message=listed)
    maren.presses(says["can"])
    maren.sees(says["ask"])


def _writes(maren: Person, says: dict[str, str]) -> Message:
    """Fill in the form, with second thoughts; returns the last preview."""
    _opens_the_form(maren, says)
    maren.writes("Ich kann die Zusammenarbeit mit den anderen Ressorts aktiv mitgestalten!")
    maren.sees(says["known"])
    maren.writes("Lernen wir aus Fehlern?")
    assert maren.sees(says["question mark"]).contains(says["preview"])
    typed = maren.writes(TEXT)
    preview = maren.sees(says["preview"], after=typed)
    assert not preview.contains(says["question mark"])
    return preview


def _text_of(person: Person, message_id: int) -> str:
    """As the message reads now."""
    return next(message.text for message in person.messages if message.id == message_id)


def _propose_key(preview: Message) -> str:
    (key,) = (b.data for row in preview.keyboard for b in row if (b.data or "").startswith(f"{ProposeStatement.tag}:"))
    assert key is not None
    return key


def _is_declined_and_withdrawn(town: Installation, maren: Person, zoe: Person, says: dict[str, str]) -> None:
    asked = _proposes(town, maren, zoe, says)
    assert zoe.presses(says["decline"], message=asked) == says["declined"]
    town.settle()
    assert maren.sees(says["was declined"]).contains(says["other"])

    asked = _proposes(town, maren, zoe, says)
    listed = _own_statements(maren, says)
    maren.presses("2. " + says["other"], message=listed)
    maren.sees(says["new wording"], after=maren.messages[-2])
    assert maren.presses(says["withdraw"], message=maren.last()) == says["withdrawn"]
    assert says["decided"] in zoe.presses(says["approve"], message=asked)


def _proposes(town: Installation, maren: Person, zoe: Person, says: dict[str, str]) -> Message:
    """A second statement; returns it as the other coordinator sees it."""
    _opens_the_form(maren, says)
    typed = maren.writes(says["other"])
    preview = maren.sees(says["preview"], after=typed)
    # Zoe is told as soon as it is proposed.
    last = zoe.last()
    maren.presses(says["propose"], message=preview)
    maren.sees(says["proposed"], after=typed)
    town.settle()
    told = zoe.sees(says["waits"], after=last)
    zoe.presses(says["look"], message=told)
    return zoe.sees(says["new wording"], after=last)
