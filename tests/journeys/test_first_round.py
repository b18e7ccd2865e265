"""From founding a municipality to the first summary: the whole story, in German and in English, over HTTP."""

from datetime import timedelta

import pytest

from sandbox.people import Person, Room, Telegram
from tests.journeys.installation import Installation, at, link_in

TEN = """\
1. Jugendamt
- Schulverwaltungsamt
Volkshochschule
Sozialamt
Gesundheitsamt
Kämmerei
Kreisbibliothek
Musikschule

Amt für Statistik und Wahlen
Amt für Wirtschaftsförderung
"""

GERMAN = {
    "language": "de",
    "you are invited": "Sie sind zur Mitarbeit eingeladen",
    "enter name": "Namen eingeben",
    "your name": "Vor- und Nachnamen",
    "that is me": "Ja, das bin ich",
    "welcome": "Willkommen",
    "to coordination": "Zur Koordination",
    "incomplete": "unvollständig",
    "topic": "Worum es geht",
    "council": "Personalrat",
    "protection": "Datenschutz",
    "today": "Heute beteiligt",
    "not needed": "Nicht erforderlich",
    "why": "Warum ist sie nicht erforderlich",
    "departments": "Ressorts",
    "add departments": "Ressorts hinzufügen",
    "added ten": "10 Einträge hinzugefügt",
    "added one": "1 Eintrag hinzugefügt",
    "contact person": "Ansprechperson einladen",
    "deputy": "Stellvertretung einladen",
    "people": "Personen",
    "for many": "Link für viele",
    "new link": "Neuen Link erstellen",
    "revoke": "Diesen Link zurückziehen",
    "back": "Zurück",
    "correct": "Namen korrigieren",
    "write again": "schreiben Sie ihn einfach noch einmal",
    "already": "Sie gehören bereits zu",
    "used": "bereits benutzt",
    "expired": "abgelaufen",
    "unknown": "nicht bekannt",
    "channel question": "Ist das der Koordinationskanal",
    "yes channel": "Ja, das ist der Kanal",
    "is channel": "ist jetzt der Koordinationskanal",
    "round": "Pulsrunde",
    "now": "Jetzt beginnen …",
    "start": "Jetzt beginnen und alle einladen",
    "on their way": "sind unterwegs",
    "voluntary": "freiwillig",
    "begin": "Beginnen",
    "statement": "Aussage {} von 9",
    "agree": "stimme eher zu",
    "fully": "stimme voll zu",
    "no answer": "keine Angabe",
    "saved": "Gespeichert",
    "answered": "Bereits beantwortet",
    "next": "Weiter",
    "thanks": "Danke!",
    "change": "Durchsehen oder ändern",
    "pulse": "/puls",
    "ended": "Runde beendet",
    "participation": "Beteiligung: {} von {}",
    "must": "Müssen (Notwendigkeit): {}",
}

ENGLISH = {
    "language": "en",
    "you are invited": "You are invited",
    "enter name": "Enter my name",
    "your name": "first and last name",
    "that is me": "Yes, that is me",
    "welcome": "Welcome",
    "to coordination": "To the coordination",
    "incomplete": "incomplete",
    "topic": "What it is about",
    "council": "Staff council",
    "protection": "Data protection",
    "today": "Involved as of today",
    "not needed": "Not necessary",
    "why": "Why is it not necessary",
    "departments": "Departments",
    "add departments": "Add departments",
    "added ten": "10 entries added",
    "added one": "1 entry added",
    "contact person": "Invite the contact person",
    "deputy": "Invite a deputy",
    "people": "People",
    "for many": "Link for many",
    "new link": "Make a new link",
    "revoke": "Revoke this link",
    "back": "Back",
    "correct": "Correct my name",
    "write again": "simply write it again",
    "already": "You already belong to",
    "used": "already been used",
    "expired": "has expired",
    "unknown": "not known",
    "channel question": "Is this the coordination channel",
    "yes channel": "Yes, this is the channel",
    "is channel": "is now the coordination channel",
    "round": "Pulse round",
    "now": "Start now …",
    "start": "Start now and invite everybody",
    "on their way": "on their way",
    "voluntary": "voluntary",
    "begin": "Begin",
    "statement": "Statement {} of 9",
    "agree": "somewhat agree",
    "fully": "strongly agree",
    "no answer": "prefer not to say",
    "saved": "Saved",
    "answered": "Already answered",
    "next": "Next",
    "thanks": "Thank you!",
    "change": "Look through or change",
    "pulse": "/pulse",
    "ended": "Round ended",
    "participation": "Participation: {} of {}",
    "must": "Must (necessity): {}",
}


@pytest.mark.parametrize("says", [GERMAN, ENGLISH], ids=["deutsch", "english"])
def test_from_founding_to_the_first_summary(town: Installation, telegram: Telegram, says: dict[str, str]) -> None:
    maren = telegram.person("Maren Vogt", language=says["language"])
    _founds(town, maren, says)
    _sets_up(maren, says)
    links = _invites(maren, says)
    staff = _join(town, telegram, links, says)
    channel = _confirms_channel(telegram, maren, says)

    maren.writes("/coordination")
    maren.sees_button(says["round"])
    maren.presses(says["round"])
    maren.presses(says["now"])
    maren.sees("Kommunales Bildungsmanagement")
    maren.presses(says["start"])
    maren.sees(says["on their way"])
    town.settle()

    katrin = staff[0]
    _answers_with_second_thoughts(town, katrin, says)
    for person in staff[1:]:
        _answers(person, says, says["fully"])

    resumed = katrin.sees(says["thanks"])
    invitation = katrin.sees_button(says["no answer"])
    with town.down():
        town.clock.moment = at(2026, 11, 27, 14, 30)
    town.settle()

    everybody = len(staff) + 1
    summary = channel.sees(says["participation"].format(len(staff), everybody) if says is GERMAN else "Beteiligung: ")
    assert summary.protected
    assert summary.photo
    assert summary.photo.startswith(b"\x89PNG")
    assert [bool(m.photo) for m in channel.messages if not m.service] == [True, False]
    staff[1].opens(next(key.url or "" for row in summary.keyboard for key in row))
    for person in (maren, *staff):
        result = person.sees(says["participation"].format(len(staff), everybody))
        assert says["must"].format("") in result.caption
        assert result.photo
        assert len([m for m in person.messages if says["participation"].format("", "")[:10] in (m.caption or "")]) == 1
    ended = katrin.sees(says["ended"])
    assert ended.id == invitation.id
    assert not ended.buttons
    katrin.presses(says["change"], message=resumed)
    town.settle()
    assert [m.id for m in katrin.messages if says["ended"] in (m.text or "")] == [ended.id, resumed.id]
    assert list((town.data / "urn").iterdir()) == []


def _founds(town: Installation, maren: Person, says: dict[str, str]) -> None:
    link = town.founds("Landkreis Musterland")
    maren.opens(link)
    maren.sees(says["you are invited"])
    maren.presses(says["enter name"])
    maren.sees(says["your name"])
    maren.writes("Maren  Vogt ")
    maren.sees("Maren Vogt")
    maren.presses(says["that is me"])
    maren.sees(says["welcome"])
    maren.opens(link)
    maren.sees(says["already"])


def _sets_up(maren: Person, says: dict[str, str]) -> None:
    maren.writes("/coordination")
    maren.sees(says["incomplete"])
    maren.presses(says["topic"])
    maren.writes("Kommunales Bildungsmanagement")
    maren.sees_button(says["council"])
    maren.presses(says["council"])
    maren.presses(says["today"])
    maren.presses(says["protection"])
    maren.presses(says["not needed"])
    maren.sees(says["why"])
    maren.writes("die DSB hat <geprüft> & zugestimmt")
    maren.sees("die DSB hat <geprüft> & zugestimmt")
    maren.presses(says["departments"])
    maren.presses(says["add departments"])
    maren.writes(TEN)
    maren.sees(says["added ten"])
    maren.presses(says["departments"])
    maren.presses(says["add departments"])
    maren.writes("Amt für Brücken & Straßen <neu>")
    maren.sees(says["added one"])


def _invites(maren: Person, says: dict[str, str]) -> dict[str, str]:
    """Links by name; "" is the one for many."""
    links = {}
    for department, role, name in (
        ("Jugendamt", "contact person", "Katrin Çelik"),
        ("Jugendamt", "deputy", "Silke Hoffmann"),
        ("Schulverwaltungsamt", "contact person", "Bernd Östreich"),
        ("Volkshochschule", "contact person", "Ivana Kovač"),
    ):
        maren.presses(says["departments"])
        maren.presses(department)
        maren.presses(says[role])
        typed = maren.writes(name)
        maren.sees_button(says["back"])
        links[name] = link_in(maren.sees("https://t.me/", after=typed).text)
        maren.presses(says["to coordination"])
        maren.sees_button(says["departments"])
    maren.presses(says["people"])
    maren.presses(says["for many"])
    maren.presses(says["new link"])
    maren.sees_button(says["revoke"])
    links[""] = link_in(maren.messages[-2].text)
    return links


def _join(town: Installation, telegram: Telegram, links: dict[str, str], says: dict[str, str]) -> list[Person]:
    language = says["language"]
    staff = []
    for name in ("Katrin Çelik", "Silke Hoffmann", "Bernd Östreich"):
        person = telegram.person(f"nick_{name[:3]}", language=language)
        person.opens(links[name])
        shown = person.sees(says["you are invited"]).text
        assert "Landkreis Musterland" in shown
        assert name in shown
        assert says["voluntary"] in shown
        person.presses(says["that is me"])
        assert "nick" not in person.sees(says["welcome"]).text
        staff.append(person)

    stranger = telegram.person("Nobody", language=language)
    stranger.opens(links["Katrin Çelik"])
    stranger.sees(says["used"])
    stranger.opens(links["Katrin Çelik"][:-4] + "beef")
    stranger.sees(says["unknown"])
    staff[0].opens(links["Katrin Çelik"])
    staff[0].sees(says["already"])

    ivana = telegram.person("Ivana", language=language)
    ivana.opens(links["Ivana Kovač"])
    ivana.presses(says["correct"])
    ivana.writes("Ivana Kovac-Meier")
    ivana.sees(says["write again"])
    ivana.writes("Ivana Kovač-Meier")
    ivana.sees("Ivana Kovač-Meier")
    ivana.presses(says["that is me"])
    ivana.sees(says["welcome"])
    staff.append(ivana)

    for name in ("Jörg Weiß", "Annegret Böhm"):
        person = telegram.person(name, language=language)
        person.opens(links[""])
        person.presses(says["enter name"])
        person.writes(name)
        person.sees(name)
        person.presses(says["that is me"])
        person.sees(says["welcome"])
        staff.append(person)

    late = telegram.person("Late", language=language)
    town.advance(timedelta(days=15))
    late.opens(links[""])
    late.sees(says["expired"])
    town.advance(at(2026, 11, 23, 8))
    return staff


def _confirms_channel(telegram: Telegram, maren: Person, says: dict[str, str]) -> Room:
    stranger = telegram.person("Stranger", language=says["language"])
    theirs = telegram.channel("Not yours", owner=stranger)
    stranger.adds_bot(theirs)
    channel = telegram.channel("Koordination Bildung", owner=maren)
    maren.adds_bot(channel)
    maren.sees(says["channel question"])
    maren.presses(says["yes channel"])
    maren.sees(says["is channel"])
    assert not [m for m in theirs.messages if not m.service]
    return channel


def _answers_with_second_thoughts(town: Installation, katrin: Person, says: dict[str, str]) -> None:
    """Answer, skip, be interrupted by a restart, resume, go back and change."""
    katrin.sees(says["voluntary"])
    katrin.presses(says["begin"])
    katrin.sees(says["statement"].format(1))
    assert katrin.presses(says["agree"]) == says["saved"]
    katrin.sees(says["statement"].format(2))
    assert katrin.presses(says["no answer"]) == says["saved"]
    katrin.sees(says["statement"].format(3))
    with town.down():
        pass
    assert katrin.presses(says["agree"]) == says["saved"]
    katrin.sees(says["statement"].format(4))
    katrin.presses(says["back"])
    katrin.sees(says["answered"])
    assert katrin.presses(says["fully"]) == says["saved"]
    katrin.sees(says["statement"].format(4))
    katrin.writes(says["pulse"])
    resumed = katrin.sees(says["statement"].format(4), after=katrin.last())
    for number in range(5, 10):
        katrin.presses(says["agree"], message=katrin.last())
        katrin.sees(says["statement"].format(number))
    katrin.presses(says["agree"])
    assert katrin.sees(says["thanks"]).id == resumed.id
    assert not katrin.has(says["agree"] + ".")


def _answers(person: Person, says: dict[str, str], answer: str) -> None:
    person.presses(says["begin"])
    for number in range(1, 10):
        person.sees(says["statement"].format(number))
        person.presses(answer)
    person.sees(says["thanks"])
