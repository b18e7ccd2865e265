"""A year in the life of two municipalities, round by round, with a clock that is stepped from event to event."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from sandbox.model import Message
from sandbox.people import Person, Room, Telegram
from screens.buttons import Button, PulseAnswer, StartPulse
from tests.journeys.installation import PATIENCE, Installation, at, link_in
from tests.journeys.register import settle_town

MINUTE = timedelta(minutes=1)
NO_ANSWER = 0
News = Mapping[Room, Sequence[Message]]
"""What the bot has sent of its own accord during one step of the clock; edits are no news."""


@dataclass(frozen=True)
class Dates:
    """Of one round, in UTC: 09:00 in Berlin is 8 in winter and 7 in summer."""

    opens: datetime
    half_time: datetime
    last_morning: datetime
    closes: datetime


EVERYWHERE = {
    1: Dates(at(2026, 11, 30, 8), at(2026, 12, 2, 8), at(2026, 12, 4, 8), at(2026, 12, 4, 14)),
    # 28 December is a closing day.
    2: Dates(at(2027, 1, 4, 8), at(2027, 1, 6, 8), at(2027, 1, 8, 8), at(2027, 1, 8, 14)),
    3: Dates(at(2027, 1, 25, 8), at(2027, 1, 27, 8), at(2027, 1, 29, 8), at(2027, 1, 29, 14)),
    4: Dates(at(2027, 2, 22, 8), at(2027, 2, 24, 8), at(2027, 2, 26, 8), at(2027, 2, 26, 14)),
    # From winter into summer time, with Good Friday and Easter Monday in between.
    5: Dates(at(2027, 3, 22, 8), at(2027, 3, 24, 8), at(2027, 3, 30, 7), at(2027, 3, 30, 13)),
    6: Dates(at(2027, 4, 19, 7), at(2027, 4, 21, 7), at(2027, 4, 23, 7), at(2027, 4, 23, 13)),
    # 17 May is Whit Monday.
    7: Dates(at(2027, 5, 18, 7), at(2027, 5, 20, 7), at(2027, 5, 24, 7), at(2027, 5, 24, 13)),
    8: Dates(at(2027, 6, 14, 7), at(2027, 6, 16, 7), at(2027, 6, 18, 7), at(2027, 6, 18, 13)),
    9: Dates(at(2027, 7, 12, 7), at(2027, 7, 14, 7), at(2027, 7, 16, 7), at(2027, 7, 16, 13)),
    # 9 August lies in the pause.
    10: Dates(at(2027, 9, 6, 7), at(2027, 9, 8, 7), at(2027, 9, 10, 7), at(2027, 9, 10, 13)),
    11: Dates(at(2027, 10, 4, 7), at(2027, 10, 6, 7), at(2027, 10, 8, 7), at(2027, 10, 8, 13)),
    # Moved by hand to 28 October: from summer into winter time.
    12: Dates(at(2027, 10, 28, 7), at(2027, 11, 1, 8), at(2027, 11, 3, 8), at(2027, 11, 3, 14)),
    13: Dates(at(2027, 11, 29, 8), at(2027, 12, 1, 8), at(2027, 12, 3, 8), at(2027, 12, 3, 14)),
}
IN_BAVARIA = EVERYWHERE | {
    # Without Epiphany, 6 January.
    2: Dates(at(2027, 1, 4, 8), at(2027, 1, 7, 8), at(2027, 1, 11, 8), at(2027, 1, 11, 14)),
    # Without All Saints' Day, 1 November.
    12: Dates(at(2027, 10, 28, 7), at(2027, 11, 2, 8), at(2027, 11, 4, 8), at(2027, 11, 4, 14)),
}
LONG_ROUNDS = {3, 6, 9, 12}
FIRST_MONDAYS = (
    at(2026, 12, 7, 8), at(2027, 1, 4, 8), at(2027, 2, 1, 8), at(2027, 3, 1, 8), at(2027, 4, 5, 7), at(2027, 5, 3, 7),
    at(2027, 6, 7, 7), at(2027, 7, 5, 7), at(2027, 8, 2, 7), at(2027, 9, 6, 7), at(2027, 10, 4, 7),
)  # fmt: skip
QUIET_DAYS = (
    at(2026, 12, 28, 8), at(2027, 3, 26, 8), at(2027, 3, 26, 14), at(2027, 3, 29, 7), at(2027, 5, 17, 7),
    at(2027, 8, 9, 7),
)  # fmt: skip
"""When something would happen if it were not a closing day, a public holiday or a pause."""

RISING = {1: 35, 2: 40, 3: 45, 5: 50, 6: 55, 7: 60, 8: 65, 9: 70, 10: 75, 11: 80, 12: 85}
LEVEL = dict.fromkeys(RISING, 60)
RESTLESS = {1: 40, 2: 65, 3: 45, 5: 60, 6: 40, 7: 65, 8: 45, 9: 60, 10: 40, 11: 65, 12: 50}
"""The published values of Müssen, Wollen and Können in each round; the fourth has too few answers."""

GERMAN = {
    "language": "de",
    "round": "Pulsrunde",
    "plan": "Plan und Kalender",
    "calendar": "Einstellungen",
    "land": "Bundesland",
    "our land": "Brandenburg",
    "land is set": "Bundesland: Brandenburg",
    "language of the channel": "Sprache des Kanals",
    "our language": "Deutsch",
    "channel speaks": "Sprache des Kanals: Deutsch",
    "closing days": "Schließzeiten",
    "pauses": "Pausen",
    "add": "Hinzufügen …",
    "closed when": "An welchen Tagen ist geschlossen",
    "closed": "24.12.–31.12.2026",
    "closed span": "24. Dezember 2026 – 31. Dezember 2026",
    "pause when": "Von wann bis wann ist die Pause",
    "pause": "19.7.–28.8.2027",
    "pause span": "19. Juli 2027 – 28. August 2027",
    "change first": "Vorher anpassen …",
    "not saved yet": "Noch ist nichts gespeichert",
    "statements:": "Aussagen:",
    "how many": "Wie viele Aussagen?",
    "six or nine": "Sechs, in jeder dritten Runde neun",
    "are six or nine": "Aussagen: sechs, in jeder dritten Runde neun",
    "save it": "So speichern",
    "save suggestion": "Vorschlag speichern",
    "saved": "Gespeichert.",
    "rhythm": "Alle vier Wochen, montags um 09:00 Uhr",
    "overviews": "Überblick zu festen Terminen",
    "monthly": "Jeden Monat am ersten Montag um 09:00 Uhr",
    "no round yet": "Es ist keine Runde geplant",
    "no plan yet": "Noch kein Plan. Vorschlag:",
    "which land": "In welchem Bundesland",
    "which language": "In welcher Sprache soll der Bot im Koordinationskanal",
    "nothing is sent": "An diesen Tagen",
    "in a pause": "In einer Pause beginnt keine Runde",
    "moved at Christmas": "Mo., 4. Januar 2027 (verschoben wegen Schließtag)",
    "moved at Whitsun": "Di., 18. Mai 2027 (verschoben wegen Pfingstmontag)",
    "left out in summer": "Entfällt wegen einer Pause: Mo., 9. August 2027",
    "on All Saints": "Mo., 1. November 2027\n",
    "move": "Auf einen anderen Tag verschieben …",
    "move when": "Wann soll die Runde beginnen",
    "to October": "28.10.",
    "in October": "Beginn: Do., 28. Oktober 2027, 09:00 Uhr",
    "plan it": "So planen",
    "is planned": "Runde 12 ist geplant: Do., 28. Oktober 2027, 09:00 Uhr",
    "by hand": "Runde 12 ist von Hand geplant: Do., 28. Oktober 2027, 09:00 Uhr",
    "invitation": "Puls – Landkreis Musterland",
    "statements": "{} Aussagen, etwa eine Minute",
    "open until 2": "Offen bis Fr., 8. Januar 2027, 15:00 Uhr",
    "open until 5": "Offen bis Di., 30. März 2027, 15:00 Uhr",
    "open until 7": "Offen bis Mo., 24. Mai 2027, 15:00 Uhr",
    "open until 12": "Offen bis Mi., 3. November 2027, 15:00 Uhr",
    "stored": "Gespeichert",
    "thanks": "Danke!",
    "first of nine": "Aussage 1 von 9",
    "reminder": "Erinnerung: Puls – Landkreis Musterland",
    "too late": "Die Runde ist beendet. Ihre Antwort zählt nicht mehr.",
    "ended": "Runde beendet",
    "summary": "Landkreis Musterland – Pulsrunde {}\n",
    "participation": "Beteiligung: {} von {}",
    "must": "Müssen (Notwendigkeit): {} Punkte (",
    "want": "Wollen (Bereitschaft): {} Punkte (",
    "can": "Können (Kompetenz): {} Punkte (",
    "too early": "Runde {} von 6 bis zur ersten Trendaussage",
    "perhaps rising": "möglicher Anstieg – nächste Runde abwarten",
    "rising": "steigt, um etwa {} Punkte seit Dezember 2026",
    "stable": "stabil",
    "unclear": "kein klarer Trend",
    "fewer than five": "Weniger als fünf Antworten",
    "offer": "Pulsrunde 4 endet heute",
    "details": "Einzelne Aussagen",
    "people": "Personen",
    "for many": "Link für viele",
    "new link": "Neuen Link erstellen",
    "revoke": "Diesen Link zurückziehen",
    "enter name": "Namen eingeben",
    "that is me": "Ja, das bin ich",
    "welcome": "Willkommen",
    "pulse": "/puls",
    "from the next one on": "Ab der nächsten sind Sie dabei",
    "away": "/abwesend bis 29.1.",
    "is away": "29. Januar 2027",
    "menu": "/menu",
    "my data": "/meinedaten",
    "your data": "Ihre Daten",
    "account": "Telegram-Konto",
    "away from": "Abwesend ab",
    "away until": "Abwesend bis",
    "blocked": "Beteiligte 4 Ümläut – Beteiligte Person: hat den Bot blockiert",
    "answer": "Puls beantworten",
    "leave": "/abmelden",
    "yes, leave": "Abmelden und meine Daten löschen",
    "left": "Ihre Daten sind gelöscht.",
    "not a member": "Zum Mitmachen brauchen Sie einen Einladungslink",
    "results": "Ergebnisse",
    "overview": "Landkreis Musterland – Überblick",
}
GERMAN_OVERVIEWS = (
    "Die nächste Pulsrunde öffnet: Mo., 4. Januar 2027, 09:00 Uhr",
    "Eine Pulsrunde ist offen bis Fr., 8. Januar 2027, 15:00 Uhr",
    "Die nächste Pulsrunde öffnet: Mo., 22. Februar 2027, 09:00 Uhr",
    "Letztes Ergebnis: Runde 4, 26. Februar 2027\n\nWeniger als fünf Antworten",
    "Letztes Ergebnis: Runde 5, 30. März 2027",
    "Die nächste Pulsrunde öffnet: Di., 18. Mai 2027, 09:00 Uhr",
    "Letztes Ergebnis: Runde 7, 24. Mai 2027",
    "Letztes Ergebnis: Runde 8, 18. Juni 2027",
    "Die nächste Pulsrunde öffnet: Mo., 6. September 2027, 09:00 Uhr",
    "Eine Pulsrunde ist offen bis Fr., 10. September 2027, 15:00 Uhr",
    "Eine Pulsrunde ist offen bis Fr., 8. Oktober 2027, 15:00 Uhr",
    "Eine Pulsrunde ist offen bis Mi., 3. November 2027, 15:00 Uhr",
)

ENGLISH = {
    "language": "en",
    "round": "Pulse round",
    "plan": "Plan and calendar",
    "calendar": "Settings",
    "land": "Land",
    "our land": "Bavaria",
    "land is set": "Land: Bavaria",
    "language of the channel": "Language of the channel",
    "our language": "English",
    "channel speaks": "Language of the channel: English",
    "closing days": "Closing days",
    "pauses": "Pauses",
    "add": "Add …",
    "closed when": "On which days are you closed",
    "closed": "24 Dec 2026 to 31 Dec 2026",
    "closed span": "24 December 2026 – 31 December 2026",
    "pause when": "From when until when is the pause",
    "pause": "19 July to 28 Aug 2027",
    "pause span": "19 July 2027 – 28 August 2027",
    "change first": "Change it first …",
    "not saved yet": "Nothing is saved yet",
    "statements:": "Statements:",
    "how many": "How many statements?",
    "six or nine": "Six, and nine in every third round",
    "are six or nine": "Statements: six, and nine in every third round",
    "save it": "Save it like this",
    "save suggestion": "Save the suggestion",
    "saved": "Saved.",
    "rhythm": "Every four weeks, on Mondays at 09:00",
    "overviews": "Overview at fixed dates",
    "monthly": "Every month on the first Monday at 09:00",
    "no round yet": "No round is planned",
    "no plan yet": "There is no plan yet",
    "which land": "In which Land are you",
    "which language": "In which language should the bot write to the coordination channel",
    "nothing is sent": "On these days",
    "in a pause": "In a pause no round opens",
    "moved at Christmas": "Mon, 4 January 2027 (moved because of a closing day)",
    "moved at Whitsun": "Tue, 18 May 2027 (moved because of Pentecost Monday)",
    "left out in summer": "Left out because of a pause: Mon, 9 August 2027",
    "on All Saints": "Tue, 2 November 2027 (moved because of All Saints' Day)",
    "move": "Move it to another day …",
    "move when": "When should the round open",
    "to October": "28 Oct",
    "in October": "Opens: Thu, 28 October 2027, 09:00",
    "plan it": "Plan it like this",
    "is planned": "Round 12 is planned: Thu, 28 October 2027, 09:00",
    "by hand": "Round 12 is planned by hand: Thu, 28 October 2027, 09:00",
    "invitation": "Pulse – Landkreis Musterland",
    "statements": "{} statements, about one minute",
    "open until 2": "Open until Mon, 11 January 2027, 15:00",
    "open until 5": "Open until Tue, 30 March 2027, 15:00",
    "open until 7": "Open until Mon, 24 May 2027, 15:00",
    "open until 12": "Open until Thu, 4 November 2027, 15:00",
    "stored": "Saved",
    "thanks": "Thank you!",
    "first of nine": "Statement 1 of 9",
    "reminder": "Reminder: pulse – Landkreis Musterland",
    "too late": "The round is closed. Your answer no longer counts.",
    "ended": "Round ended",
    "summary": "Landkreis Musterland – pulse round {}\n",
    "participation": "Participation: {} of {}",
    "must": "Must (necessity): {} points (",
    "want": "Want (motivation): {} points (",
    "can": "Can (competence): {} points (",
    "too early": "Round {} of 6 until the first trend statement",
    "perhaps rising": "possible rise – wait for the next round",
    "rising": "rising, by about {} points since December 2026",
    "stable": "stable",
    "unclear": "no clear trend",
    "fewer than five": "Fewer than five answers",
    "offer": "Pulse round 4 closes today",
    "details": "Single statements",
    "people": "People",
    "for many": "Link for many",
    "new link": "Make a new link",
    "revoke": "Revoke this link",
    "enter name": "Enter my name",
    "that is me": "Yes, that is me",
    "welcome": "Welcome",
    "pulse": "/pulse",
    "from the next one on": "You take part from the next one on",
    "away": "/away until 29 Jan",
    "is away": "29 January 2027",
    "menu": "/menu",
    "my data": "/mydata",
    "your data": "Your data",
    "account": "Telegram account",
    "away from": "Away from",
    "away until": "Away until",
    "blocked": "Beteiligte 4 Ümläut – Participating person: has blocked the bot",
    "answer": "Answer the pulse",
    "leave": "/leave",
    "yes, leave": "Sign off and delete my data",
    "left": "Your data are deleted.",
    "not a member": "To take part you need a personal invitation link",
    "results": "Results",
    "overview": "Landkreis Musterland – overview",
}
ENGLISH_OVERVIEWS = (
    "The next pulse round opens: Mon, 4 January 2027, 09:00",
    "A pulse round is open until Mon, 11 January 2027, 15:00",
    "The next pulse round opens: Mon, 22 February 2027, 09:00",
    "Last result: round 4, 26 February 2027\n\nFewer than five answers",
    "Last result: round 5, 30 March 2027",
    "The next pulse round opens: Tue, 18 May 2027, 09:00",
    "Last result: round 7, 24 May 2027",
    "Last result: round 8, 18 June 2027",
    "The next pulse round opens: Mon, 6 September 2027, 09:00",
    "A pulse round is open until Fri, 10 September 2027, 15:00",
    "A pulse round is open until Fri, 8 October 2027, 15:00",
    "A pulse round is open until Thu, 4 November 2027, 15:00",
)


@dataclass(frozen=True)
class Place:
    """Where the year takes place: its language, and what its Land's calendar makes of the dates."""

    says: Mapping[str, str]
    rounds: Mapping[int, Dates]
    overviews: Mapping[datetime, str]
    """When the channel gets one, and a sentence of it."""
    quiet: Collection[datetime]


BRANDENBURG = Place(
    GERMAN, EVERYWHERE, dict(zip((*FIRST_MONDAYS, at(2027, 11, 1, 8)), GERMAN_OVERVIEWS, strict=True)), QUIET_DAYS
)
BAVARIA = Place(
    ENGLISH,
    IN_BAVARIA,
    dict(zip((*FIRST_MONDAYS, at(2027, 11, 2, 8)), ENGLISH_OVERVIEWS, strict=True)),
    # Epiphany, the close that would be without it, All Saints' Day, and the close that would be without that.
    (*QUIET_DAYS, at(2027, 1, 6, 8), at(2027, 1, 8, 14), at(2027, 11, 1, 8), at(2027, 11, 3, 14)),
)


class Year:
    """The year so far. Every step of the clock accounts for all that the bot sends in it, to whomever."""

    def __init__(self, town: Installation, telegram: Telegram, place: Place) -> None:
        with town.down():
            register = settle_town(
                town.settings.database_url, telegram, town.clock.now(), staff=7, language=place.says["language"]
            )
        town.settle()
        self.town, self.telegram, self.place, self.says = town, telegram, place, place.says
        self.municipality_id, self.maren, self.channel = register.municipality_id, register.owner, register.channel
        *self.steady, self.emil, self.frieda, self.henrik, self.grit, self.ida = register.staff
        self.jan = telegram.person("Jan", language=self.says["language"])
        self.rooms: list[Room] = [*register.everybody, register.channel]
        self.answering = [self.maren, *self.steady, self.emil, self.henrik, self.grit, self.ida]
        """Those members who answer unless something comes between."""
        self.round_id = 0
        """Of the round that opened last."""

    @property
    def everybody(self) -> list[Person]:
        return [*self.answering, self.frieda]

    def until(self, moment: datetime) -> News:
        """Step on: on the way the channel gets its overviews and nothing else happens. Returns the last step's news."""
        stops = {stop for stop in (*self.place.overviews, *self.place.quiet) if self.town.clock.moment < stop < moment}
        for stop in sorted(stops):
            assert self._step(stop) == {}, stop
        return self._step(moment)

    def opens(self, number: int, invited: Collection[Person]) -> None:
        """The round opens at its minute, for these people and nobody else."""
        dates = self.place.rounds[number]
        assert self.until(dates.opens - MINUTE) == {}
        news = self.until(dates.opens)
        only(news, self.says["invitation"], invited)
        only(news, self.says["statements"].format(9 if number in LONG_ROUNDS else 6), invited)
        only(news, self.says.get(f"open until {number}", "15:00"), invited)
        button = Button.unpack(next(iter(news.values()))[0].keyboard[0][0].data or "")
        assert isinstance(button, StartPulse)
        self.round_id = button.round

    def runs(
        self,
        number: int,
        invited: Collection[Person],
        answering: Sequence[Person],
        *,
        base: int,
        done: Collection[Person] = (),
        unreminded: Collection[Person] = (),
    ) -> Message:
        """From here to the close: all answer, but Emil begins only and goes on when he is reminded.

        Who does not answer is reminded twice. ``done`` have answered already. Returns what the channel is told.
        """
        dates = self.place.rounds[number]
        silent = [p for p in invited if p not in answering and p not in unreminded]
        self.fills_in(number, [p for p in answering if p not in (self.emil, *done)], answering)
        self.fills_in(number, [self.emil], answering, slice(2))
        self.reminds(dates.half_time, [self.emil, *silent])
        self.fills_in(number, [self.emil], answering, slice(2, None))
        self.emil.sees(self.says["thanks"])
        self.reminds(dates.last_morning, silent)
        assert self.until(dates.closes - MINUTE) == {}
        return self.result(self.until(dates.closes), number, invited, took_part=len(answering), base=base)

    def reminds(self, moment: datetime, unfinished: Collection[Person]) -> None:
        """These people are reminded, and nobody else hears anything."""
        assert self.until(moment - MINUTE) == {}
        only(self.until(moment), self.says["reminder"], unfinished)

    def result(self, news: News, number: int, told: Collection[Person], *, took_part: int, base: int) -> Message:
        """The channel and everybody who was invited have read the same result; returns what the channel was told."""
        summary, details = news[self.channel]
        assert self.says["details"] in details.content.body
        body = summary.content.body
        assert body.startswith(self.says["summary"].format(number))
        assert self.says["participation"].format(took_part, base) in body
        for dimension, values in (("must", RISING), ("want", LEVEL), ("can", RESTLESS)):
            assert self.says[dimension].format(values[number]) in body
        assert summary.photo
        only({room: messages for room, messages in news.items() if room is not self.channel}, body, told)
        assert self.nothing_remains()
        return summary

    def nothing_remains(self) -> bool:
        """Neither key nor ballot."""
        return list((self.town.data / "urn").iterdir()) == []

    def words(self, summary: Message) -> list[str]:
        """The line behind each of the three values."""
        lines = summary.content.body.split("\n")
        starts = tuple(self.says[dimension].split("{")[0] for dimension in ("must", "want", "can"))
        return [lines[place + 1] for place, line in enumerate(lines) if line.startswith(starts)]

    def fills_in(
        self,
        number: int,
        people: Iterable[Person],
        among: Sequence[Person],
        positions: slice = slice(None),
        on: Message | None = None,
    ) -> None:
        """These people answer; ``among`` are all whose answers will make the round's values."""
        answers = _answers(number, among)
        self.gives({person: answers[person][positions] for person in people}, first=positions.start or 0, on=on)

    def gives(self, answers: Mapping[Person, Sequence[int]], first: int = 0, on: Message | None = None) -> None:
        """Press one button after another, many people side by side."""
        presses = [
            self.press(person, position, value, on)
            for person, values in answers.items()
            for position, value in enumerate(values, first)
        ]
        assert {self.toast(press) for press in presses} == {self.says["stored"]}

    def press(self, person: Person, position: int, value: int, on: Message | None = None) -> str:
        """Returns the id of the press, which need not have reached the bot yet."""
        start = StartPulse(self.municipality_id, self.round_id).pack()
        on = on or next(
            m for m in reversed(person.messages) if start in {key.data for row in m.keyboard for key in row}
        )
        answer = PulseAnswer(self.municipality_id, self.round_id, position, value)
        return self.telegram.press(person.id, person.id, on.id, answer.pack())

    def toast(self, press: str) -> str:
        query = self.telegram.queries[press]
        assert self.telegram.wait_for(lambda: query.answer is not None, PATIENCE)
        return query.answer.text if query.answer else ""

    @contextmanager
    def hears(self) -> Iterator[dict[Room, list[Message]]]:
        """Gather what the bot sends meanwhile."""
        marks = {room: max((message.id for message in room.messages), default=0) for room in self.rooms}
        news: dict[Room, list[Message]] = {}
        yield news
        for room, mark in marks.items():
            if new := [message for message in room.messages if message.id > mark]:
                news[room] = new

    def _step(self, moment: datetime) -> News:
        with self.hears() as news:
            self.town.advance(moment)
        if moment in self.place.overviews:
            overview, *others = news.pop(self.channel)
            assert overview.content.body.startswith(self.says["overview"])
            assert self.place.overviews[moment] in overview.content.body
            assert not others
        return news


def only(news: News, words: str, told: Iterable[Room]) -> None:
    """Exactly these have heard something: one message each, with these words."""
    heard = {room: [message.content.body for message in messages] for room, messages in news.items()}
    assert set(heard) == set(told)
    assert [bodies for bodies in heard.values() if len(bodies) != 1 or words not in bodies[0]] == []


def leads(person: Person, command: str, *steps: tuple[str, str]) -> Message:
    """Write a command and press one button after another, each on the screen before; returns the last screen.

    A step is what is pressed (nothing, after the command) and words of what it shows.
    """
    typed = person.writes(command)
    shown = typed
    for label, words in steps:
        if label:
            person.presses(label, message=shown)
        shown = person.sees(words, after=typed)
    return shown


def _answers(number: int, among: Sequence[Person]) -> dict[Person, list[int]]:
    """Values that make the round's three indices; rotating statements, which no index holds, get a 3."""
    dimensions = [_spread(values[number], len(among)) for values in (RISING, LEVEL, RESTLESS)]
    rotating = [3] if number in LONG_ROUNDS else []
    return {
        person: [value for pairs in dimensions for value in (*pairs[place], *rotating)]
        for place, person in enumerate(among)
    }


def _spread(target: int, people: int) -> list[tuple[int, int]]:
    """Two answers of each person, whose index is as near to the target as their number allows."""
    points, answers = round(target * 2 * people / 25), 2 * people
    least, more = divmod(points, answers)
    values = [1 + least + (place < more) for place in range(answers)]
    return list(zip(values[::2], values[1::2], strict=True))


@pytest.mark.parametrize(
    ("database_url", "place"),
    [
        pytest.param("sqlite", BRANDENBURG, id="deutsch-sqlite-brandenburg"),
        pytest.param("postgresql", BAVARIA, id="english-postgresql-bavaria"),
    ],
    indirect=["database_url"],
)
def test_a_year_of_rounds(town: Installation, telegram: Telegram, place: Place) -> None:
    """Twelve rounds and the opening of a thirteenth, from 30 November 2026 to 29 November 2027.

    Maren sets up the calendar and saves what the bot suggests, with the short form: a round every fourth Monday, an
    overview on the first Monday of the month. She and most others answer at once; Emil needs the first reminder; Frieda
    never answers. Jan joins in January, Grit is away in the third round, Henrik blocks the bot over Easter, and Ida
    signs off in May.
    """
    year = Year(town, telegram, place)
    _sets_up(year)
    _winter(year)
    _too_few(year)
    _easter(year)
    _spring(year)
    _two_days_down(year)
    _summer(year)
    _autumn(year)
    titles = [year.says["summary"].format(number) for number in place.rounds]
    posted = [sum(message.contains(title) for message in year.channel.messages) for title in titles]
    assert posted == [1] * 12 + [0]
    assert sum(message.contains(year.says["overview"]) for message in year.channel.messages) == len(place.overviews)


def _plan(year: Year, round_screen: str, *steps: tuple[str, str]) -> Message:
    """Maren's way to the plan, and on from there."""
    says = year.says
    ways = (("", "Kommunales Bildungsmanagement"), (says["round"], round_screen), *steps)
    return leads(year.maren, "/coordination", *ways)


def _sets_up(year: Year) -> None:
    """Land, the channel's language, closing days, the summer's pause, and the two plans, all by pressing buttons."""
    says, maren = year.says, year.maren
    to_plan = (says["plan"], says["no plan yet"])
    to_calendar = (says["calendar"], says["language of the channel"])
    _plan(
        year, says["no round yet"], to_plan, to_calendar,
        (says["land"], says["which land"]), (says["our land"], says["land is set"]),
        (says["language of the channel"], says["which language"]), (says["our language"], says["channel speaks"]),
        (says["closing days"], says["nothing is sent"]), (says["add"], says["closed when"]),
    )  # fmt: skip
    maren.sees(says["closed span"], after=maren.writes(says["closed"]))
    _plan(year, says["no round yet"], to_plan, (says["pauses"], says["in a pause"]), (says["add"], says["pause when"]))
    maren.sees(says["pause span"], after=maren.writes(says["pause"]))
    changed = _plan(
        year, says["no round yet"], to_plan, (says["change first"], says["not saved yet"]),
        (says["statements:"], says["how many"]), (says["six or nine"], says["are six or nine"]),
    )  # fmt: skip
    assert changed.contains(says["rhythm"])
    assert changed.contains(says["moved at Christmas"])
    assert maren.presses(says["save it"], message=changed) == says["saved"]
    year.town.settle()
    suggested = _plan(year, f"{says['round']} 1", (says["plan"], says["rhythm"]), (says["overviews"], says["monthly"]))
    assert maren.presses(says["save suggestion"], message=suggested) == says["saved"]


def _winter(year: Year) -> None:
    """Three rounds: the second after the closing days, while Jan joins; in the third Grit is away."""
    says, jan, grit = year.says, year.jan, year.grit
    year.opens(1, year.everybody)
    summary = year.runs(1, year.everybody, year.answering, base=8)
    assert says["too early"].format(1) in summary.content.body

    year.opens(2, year.everybody)
    assert year.until(at(2027, 1, 5, 8)) == {}
    people = leads(
        year.maren, "/coordination", ("", "Kommunales Bildungsmanagement"), (says["people"], "Beteiligte 0 Ümläut")
    )
    year.maren.presses(says["for many"], message=people)
    year.maren.presses(says["new link"], message=year.maren.sees_button(says["new link"]))
    year.maren.sees_button(says["revoke"])
    jan.opens(link_in(year.maren.messages[-2].text))
    jan.presses(says["enter name"])
    jan.writes("Jan Später")
    jan.presses(says["that is me"])
    jan.sees(says["welcome"])
    told = jan.sees(says["from the next one on"], after=jan.writes(says["pulse"]))
    assert says["from the next one on"] in year.toast(year.press(jan, 0, 5, told))
    year.rooms.append(jan)
    summary = year.runs(2, year.everybody, year.answering, base=8)
    assert says["too early"].format(2) in summary.content.body

    year.answering.append(jan)
    assert year.until(at(2027, 1, 22, 9)) == {}
    grit.sees(says["is away"], after=grit.writes(says["away"]))
    answering = [person for person in year.answering if person is not grit]
    year.opens(3, year.everybody)
    summary = year.runs(3, year.everybody, answering, base=8, unreminded=[grit])
    assert says["too early"].format(3) in summary.content.body


def _too_few(year: Year) -> None:
    """Grit is back, and nothing is known of her absence. Four people answer: nothing is shown, anywhere."""
    says, maren, dates = year.says, year.maren, year.place.rounds[4]
    few = [*year.steady, year.henrik, year.ida]
    others = [person for person in year.everybody if person not in few]
    year.opens(4, year.everybody)
    copy = year.grit.sees(says["your data"], after=year.grit.writes(says["my data"])).document
    assert copy
    account = json.loads(copy.content)[says["account"]]
    assert [account[says["away from"]], account[says["away until"]]] == [None, None]
    year.gives({person: [5] * 6 for person in few})
    year.reminds(dates.half_time, others)
    assert year.until(dates.last_morning - MINUTE) == {}
    news = dict(year.until(dates.last_morning))
    offers = [message for message in news[maren] if message.contains(says["offer"])]
    assert len(offers) == 1
    news[maren] = [message for message in news[maren] if message not in offers]
    only(news, says["reminder"], others)
    assert year.until(dates.closes - MINUTE) == {}
    news = dict(year.until(dates.closes))
    only(news, says["fewer than five"], [*year.everybody, year.channel])
    only(news, says["summary"].format(4), [*year.everybody, year.channel])
    number = says["participation"].split("{", maxsplit=1)[0]
    assert not [m for messages in news.values() for m in messages if m.photo or m.contains(number)]
    assert year.nothing_remains()


def _easter(year: Year) -> None:
    """A round from winter into summer time, in which nothing happens on Good Friday and on Easter Monday.

    Henrik has blocked the bot: the coordination sees it, he hears nothing, and he still counts as invited. In the next
    round he is back.
    """
    says, henrik = year.says, year.henrik
    assert year.until(at(2027, 3, 19, 9)) == {}
    henrik.blocks()
    year.telegram.wait_idle()
    leads(year.maren, "/coordination", ("", "Kommunales Bildungsmanagement"), (says["people"], says["blocked"]))
    reached = [person for person in year.everybody if person is not henrik]
    year.opens(5, reached)
    summary = year.runs(5, reached, [person for person in year.answering if person is not henrik], base=9)
    assert says["too early"].format(4) in summary.content.body

    year.opens(6, reached)
    assert year.until(at(2027, 4, 20, 8)) == {}
    henrik.unblocks()
    first = leads(henrik, "/start", ("", "Landkreis Musterland"), (says["answer"], says["first of nine"]))
    year.fills_in(6, [henrik], year.answering, on=first)
    henrik.sees(says["thanks"])
    summary = year.runs(6, year.everybody, year.answering, base=9, done=[henrik])
    assert says["too early"].format(5) in summary.content.body


def _spring(year: Year) -> None:
    """The plan tells beforehand that Whit Monday moves the seventh round.

    Ida answers it and signs off: her ballots are gone, and the others' make the value. It is the sixth round with a
    value, and the first one with words; a rise is not yet believed.
    """
    says, ida = year.says, year.ida
    plan = _plan(year, f"{says['round']} 7", (says["plan"], says["rhythm"]))
    assert plan.contains(says["moved at Whitsun"])
    assert plan.contains(says["left out in summer"])

    year.opens(7, year.everybody)
    year.gives({ida: [5] * 6})
    assert year.until(at(2027, 5, 19, 8)) == {}
    ida.presses(says["yes, leave"], message=leads(ida, says["leave"], ("", "Landkreis Musterland")))
    ida.sees(says["left"])
    ida.sees(says["not a member"], after=ida.writes("/start"))
    year.answering.remove(ida)
    summary = year.runs(7, year.everybody, year.answering, base=9)
    assert year.words(summary) == [says["perhaps rising"], says["stable"], says["unclear"]]


def _two_days_down(year: Year) -> None:
    """The bot is down from Thursday to Saturday, and the eighth round closes on the Friday between as was planned.

    A press on Saturday comes too late. The result comes on Monday morning, once; the last reminder never. The rise has
    lasted, and has its word.
    """
    says, town, frieda = year.says, year.town, year.frieda
    year.opens(8, year.everybody)
    year.fills_in(8, year.answering, year.answering)
    year.reminds(year.place.rounds[8].half_time, [frieda])
    assert year.until(at(2027, 6, 17, 12)) == {}
    with year.hears() as news:
        with town.down():
            town.clock.moment = at(2027, 6, 19, 11)
            late = year.press(frieda, 0, 5)
            town.clock.moment = at(2027, 6, 19, 12)
        assert year.toast(late) == says["too late"]
        town.settle()
    assert news == {}
    assert year.nothing_remains()
    frieda.sees(says["ended"])
    assert year.until(at(2027, 6, 21, 6, 59)) == {}
    on_monday = year.until(at(2027, 6, 21, 7))
    summary = year.result(on_monday, 8, year.everybody, took_part=7, base=8)
    assert year.words(summary) == [says["rising"].format(30), says["stable"], says["unclear"]]
    with year.hears() as news:
        with town.down():
            pass
        town.settle()
    assert news == {}


def _summer(year: Year) -> None:
    """A round before the pause, and one after it, which Frieda goes through without an answer.

    What a member finds behind "Ergebnisse" is what the channel was told.
    """
    says, frieda = year.says, year.frieda
    year.opens(9, year.everybody)
    summary = year.runs(9, year.everybody, year.answering, base=8)
    assert year.words(summary) == [says["rising"].format(35), says["stable"], says["unclear"]]
    found = leads(year.emil, says["menu"], ("", "Landkreis Musterland"), (says["results"], says["summary"].format(9)))
    assert found.content.body == summary.content.body
    assert found.photo

    year.opens(10, year.everybody)
    year.gives({frieda: [NO_ANSWER] * 6})
    frieda.sees(says["thanks"])
    summary = year.runs(10, year.everybody, year.answering, base=8, unreminded=[frieda])
    assert year.words(summary) == [says["rising"].format(40), says["stable"], says["unclear"]]


def _autumn(year: Year) -> None:
    """The plan tells whether All Saints' Day is a holiday; Maren moves that round by hand, to before the switch.

    It runs from summer into winter time, and after it the plan goes on.
    """
    says, maren = year.says, year.maren
    year.opens(11, year.everybody)
    summary = year.runs(11, year.everybody, year.answering, base=8)
    assert year.words(summary) == [says["rising"].format(45), says["stable"], says["unclear"]]

    waiting = f"{says['round']} 12"
    assert _plan(year, waiting, (says["plan"], says["rhythm"])).contains(says["on All Saints"])
    _plan(year, waiting, (says["move"], says["move when"]))
    preview = maren.sees(says["in October"], after=maren.writes(says["to October"]))
    maren.presses(says["plan it"], message=preview)
    maren.sees(says["is planned"])
    _plan(year, waiting, (says["plan"], says["by hand"]))

    year.opens(12, year.everybody)
    summary = year.runs(12, year.everybody, year.answering, base=8)
    assert year.words(summary) == [says["rising"].format(50), says["stable"], says["unclear"]]
    year.opens(13, year.everybody)
