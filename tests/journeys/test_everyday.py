"""What happens around the story: blocked people, lost channels, languages, refusals, late presses, plans."""

from datetime import timedelta

from bot.limiter import TELEGRAM
from core.db import Database
from core.queries import people as queries
from core.rules.people import Involvement, Reachability
from core.rules.pulse import Form
from sandbox.people import Telegram
from screens import buttons
from tests.journeys.installation import Installation, at, link_in
from tests.journeys.register import Register, settle_town

REFUSED = (
    "Das kann nur die Koordination.",
    "Zum Mitmachen brauchen Sie einen Einladungslink. Sie erhalten ihn von Ihrer Koordination.",
)


def _open_round(town: Installation, register: Register) -> None:
    register.owner.writes("/koordination")
    register.owner.presses("Pulsrunde")
    register.owner.presses("Jetzt beginnen …")
    register.owner.presses("Jetzt beginnen und alle einladen")
    register.owner.sees("sind unterwegs")
    town.settle()


def test_a_planned_round_opens_by_itself_and_can_be_taken_back(town: Installation, register: Register) -> None:
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Pulsrunde")
    maren.presses("An einem anderen Tag")
    maren.writes("gestern vielleicht")
    maren.sees("Dieses Datum habe ich nicht verstanden")
    maren.writes("24.11. 9 Uhr")
    maren.sees("Beginn: Di., 24. November 2026, 09:00 Uhr")
    maren.presses("So planen")
    maren.sees("Runde 1 ist geplant: Di., 24. November 2026, 09:00 Uhr")
    maren.presses("Pulsrunde")
    maren.presses("Planung zurücknehmen")
    maren.sees("Es ist keine Runde geplant")
    maren.presses("Am nächsten Arbeitstag um 09:00 Uhr …")
    maren.presses("So planen")
    maren.sees("ist geplant")
    assert not register.staff[0].has("Puls – ")
    town.advance(at(2026, 11, 24, 7, 59))
    assert not register.staff[0].has("Puls – ")
    town.advance(at(2026, 11, 24, 8))
    for person in register.everybody:
        assert person.sees("Puls – Landkreis Musterland").contains("Mo., 30. November 2026, 15:00 Uhr")


def test_a_plan_needs_the_involvement_first(town: Installation, telegram: Telegram) -> None:
    maren = telegram.person("Maren")
    maren.opens(town.founds("Amt Kleinstadt"))
    maren.presses("Namen eingeben")
    maren.writes("Maren Vogt")
    maren.presses("Ja, das bin ich")
    maren.sees("Willkommen")
    maren.writes("/koordination")
    maren.presses("Pulsrunde")
    maren.sees_button("Jetzt beginnen …")
    assert "halten Sie vor der ersten Runde fest" in maren.presses("Jetzt beginnen …")


def test_who_blocks_the_bot_is_shown_as_blocked_and_comes_back_with_start(
    town: Installation, register: Register
) -> None:
    gone = register.staff[0]
    gone.blocks()
    town.settle()
    _open_round(town, register)
    register.owner.writes("/koordination")
    register.owner.presses("Personen")
    register.owner.sees("Beteiligte 0 Ümläut – Beteiligte Person: hat den Bot blockiert")
    gone.unblocks()
    gone.writes("/start")
    gone.sees("Landkreis Musterland")
    gone.presses("Puls beantworten")
    gone.sees("Aussage 1 von 9")


def test_a_block_that_telegram_only_tells_at_sending_is_noticed(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    telegram.fail_next("sendMessage", 403, "Forbidden: bot was blocked by the user", chat_id=register.staff[1].id)
    _open_round(town, register)
    town.settle()
    database = Database(town.settings.database_url)
    with database.begin() as db:
        states = [m.reachability for m in queries.members(db, register.municipality_id)]
    database.dispose()
    assert states.count(Reachability.BLOCKED) == 1


def test_a_lost_channel_is_told_to_the_coordination(town: Installation, register: Register) -> None:
    register.owner.removes_bot(register.channel)
    town.settle()
    register.owner.sees("Der Bot kann im Koordinationskanal „Kanal Landkreis Musterland“ nicht mehr schreiben")
    register.owner.writes("/koordination")
    register.owner.sees("der Koordinationskanal")
    register.owner.adds_bot(register.channel)
    register.owner.sees("Ist das der Koordinationskanal")


def test_a_public_channel_is_refused(town: Installation, telegram: Telegram, register: Register) -> None:
    public = telegram.channel("Offen", owner=register.owner, username="offen_fuer_alle")
    register.owner.adds_bot(public)
    register.owner.sees("„Offen“ ist öffentlich")


def test_a_group_that_becomes_a_supergroup_keeps_being_the_channel(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    group = telegram.group("Runde der Leitungen", owner=register.owner)
    register.owner.adds_bot(group)
    register.owner.sees("Sie haben den Bot zu „Runde der Leitungen“ hinzugefügt")
    register.owner.presses("Ja, das ist der Kanal")
    register.owner.sees("ist jetzt der Koordinationskanal")
    supergroup = group.becomes_supergroup()
    town.settle()
    _open_round(town, register)
    town.advance(at(2026, 11, 27, 14))
    supergroup.sees("Weniger als fünf Antworten")


def test_under_five_answers_it_says_so_everywhere(town: Installation, register: Register) -> None:
    _open_round(town, register)
    for person in register.staff[:4]:
        person.presses("Beginnen")
        person.presses("stimme voll zu")
        person.sees("Aussage 2 von 9")
    town.advance(at(2026, 11, 27, 14))
    for room in (*register.everybody, register.channel):
        told = room.sees("Weniger als fünf Antworten")
        assert told.photo is None
        assert not room.has("Beteiligung")


def test_a_press_after_the_close_counts_no_longer(town: Installation, telegram: Telegram, register: Register) -> None:
    _open_round(town, register)
    person = register.staff[0]
    person.presses("Beginnen")
    question = person.sees("Aussage 1 von 9")
    # The closing beat is late: the clock says that it is over, nothing has closed it yet.
    town.clock.moment = at(2026, 11, 27, 14)
    assert person.presses("stimme voll zu", message=question) == "Die Runde ist beendet. Ihre Antwort zählt nicht mehr."
    person.sees("Runde beendet")


def test_language_is_changed_by_the_reader(town: Installation, register: Register) -> None:
    person = register.staff[0]
    person.writes("/sprache")
    person.presses("English")
    person.sees("In which language")
    person.writes("/menu")
    person.sees("Nothing to do at the moment")
    _open_round(town, register)
    person.sees("Pulse – Landkreis Musterland")
    register.staff[1].sees("Puls – Landkreis Musterland")


def test_commands_of_both_languages_are_understood_and_the_menu_shows_the_readers(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    english = telegram.person("Eve", language="en")
    german = telegram.person("Eva", language="de")
    french = telegram.person("Ève", language="fr")
    shown = {p: [c["command"] for c in telegram.command_menu(p.id)] for p in (english, german, french)}
    assert "privacy" in shown[english]
    assert "datenschutz" in shown[german]
    assert shown[french] == shown[german]
    for command in ("/datenschutz", "/privacy"):
        german.writes(command)
        german.sees("Datenschutz in Kürze")


def test_a_stranger_gets_a_friendly_word_and_nothing_else(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    stranger = telegram.person("Fremd")
    stranger.writes("/start")
    stranger.sees("Zum Mitmachen brauchen Sie einen Einladungslink")
    stranger.writes("/koordination")
    stranger.writes("Hallo?")
    stranger.sees("Das habe ich nicht verstanden")
    stranger.writes("/start i_kaputt")
    stranger.sees("Dieser Link ist nicht bekannt")


def test_an_invitation_can_be_renewed_and_the_old_link_dies(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Personen")
    maren.presses("Person für die Koordination einladen")
    typed = maren.writes("Jonas Albrecht")
    first = link_in(maren.sees("https://t.me/", after=typed).text)
    maren.sees_button("Zur Koordination")
    maren.presses("Zurück")
    maren.presses("Jonas Albrecht")
    maren.presses("Neuen Link erstellen")
    second = link_in(maren.sees("https://t.me/", after=maren.sees("Erreichbarkeit")).text)
    assert first != second
    jonas = telegram.person("Jonas")
    jonas.opens(first)
    jonas.sees("ersetzt oder zurückgezogen")
    jonas.opens(second)
    jonas.presses("Ja, das bin ich")
    jonas.sees("Willkommen, Jonas Albrecht!")
    jonas.presses("Zur Koordination")
    jonas.sees("Die Einrichtung ist vollständig")


def test_forms_survive_a_restart_and_can_be_cancelled(town: Installation, register: Register) -> None:
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Worum es geht")
    maren.sees("Bitte schreiben Sie es")
    with town.down():
        pass
    maren.writes("Inklusion")
    maren.sees("Es geht um: Inklusion")
    maren.presses("Worum es geht")
    maren.sees("Bitte schreiben Sie es")
    assert maren.presses("Abbrechen") == "Abgebrochen. Es wurde nichts geändert."
    maren.sees("Die Einrichtung ist unvollständig")
    maren.writes("Nicht mehr gefragt")
    maren.sees("Das habe ich nicht verstanden")


def test_a_form_that_was_left_takes_no_later_text(town: Installation, register: Register) -> None:
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Worum es geht")
    maren.sees("Bitte schreiben Sie es")
    cancel = maren.sees_button("Abbrechen")
    maren.writes("Inklusion")
    maren.sees("Es geht um: Inklusion")
    maren.raw_callback(cancel, buttons.CancelForm().pack())
    maren.sees("Es ist keine Eingabe mehr offen")
    for leave in ("/abbrechen", "/cancel", "/menu"):
        maren.writes("/koordination")
        maren.presses("Worum es geht")
        maren.writes(leave)
        maren.writes(f"Danke {leave[1:]}!")
    maren.writes("/koordination")
    maren.presses("Worum es geht")
    maren.raw_callback(maren.messages[0], buttons.ShowDepartments(register.municipality_id, 0).pack())
    maren.writes("Vielen Dank!")
    maren.writes("/koordination")
    town.settle()
    assert maren.messages[-1].contains("Es geht um: Inklusion")


def test_one_busy_stranger_holds_up_nobody(town: Installation, telegram: Telegram, register: Register) -> None:
    """With Telegram's real limits a chat gets one message a second: a flood of texts must not fill the batch."""
    town.limits = TELEGRAM
    with town.down():
        stranger = telegram.person("Laut")
        for number in range(130):
            stranger.writes(f"Hallo {number}")
        register.staff[0].writes("/datenschutz")
    register.staff[0].sees("Datenschutz in Kürze")
    assert len([m for m in stranger.messages if m.contains("nicht verstanden")]) < 60


def test_whoever_joins_in_mid_round_takes_part_from_the_next_one(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    _open_round(town, register)
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Personen")
    maren.presses("Link für viele")
    maren.presses("Neuen Link erstellen")
    maren.sees_button("Diesen Link zurückziehen")
    late = telegram.person("Spät")
    late.opens(link_in(maren.messages[-2].text))
    late.presses("Namen eingeben")
    late.writes("Später Gast")
    late.presses("Ja, das bin ich")
    late.sees("Willkommen")
    late.writes("/puls")
    late.sees("Ab der nächsten sind Sie dabei")


def test_no_claim_of_a_member_or_of_another_town_does_anything(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    """Every button of the coordination, pressed by somebody who may not, for every id that exists."""
    with town.down():
        other = settle_town(town.settings.database_url, telegram, town.clock.now(), name="Stadt Anderswo", staff=1)
    town.settle()
    before = _everything(town)
    claims = [
        buttons.RecordInvolved(register.municipality_id, Involvement.COUNCIL),
        buttons.RemoveDepartment(register.municipality_id, 1),
        *(buttons.RemovePerson(register.municipality_id, member) for member in range(1, 9)),
        buttons.InviteMany(register.municipality_id),
        buttons.RevokeMany(register.municipality_id),
        buttons.PlanRound(register.municipality_id, 0, Form.LONG),
        buttons.UnplanRound(register.municipality_id, 1),
        buttons.ConfirmChannel(register.municipality_id, 1),
        buttons.DeclineChannel(register.municipality_id, 1),
        buttons.AskTopic(register.municipality_id),
    ]
    for claim in claims:
        for person in (register.staff[0], other.owner):
            toast = person.raw_callback(person.messages[-1], claim.pack())
            assert toast in REFUSED, claim
    # Ids of one town inside the frame of the other.
    foreign = [
        buttons.RemoveDepartment(other.municipality_id, 1),
        buttons.RemovePerson(other.municipality_id, 2),
        buttons.ShowPerson(other.municipality_id, 2),
        buttons.RenewLink(other.municipality_id, 2),
        buttons.ConfirmChannel(other.municipality_id, 1),
        buttons.UnplanRound(other.municipality_id, 1),
    ]
    for claim in foreign:
        assert other.owner.raw_callback(other.owner.messages[-1], claim.pack()) != ""
    for garbage in ("", "x", "pa:1", "pa:1:1:1:1:1", "pa:-1:0:0:0", "ls:fr", "jc:zz", "k:99999999999", "pa:1:1:1:٣"):
        if garbage:
            assert "gilt nicht mehr" in register.owner.raw_callback(register.owner.messages[-1], garbage)
    town.settle()
    assert _everything(town) == before


def test_a_second_press_of_the_same_button_does_nothing_twice(town: Installation, register: Register) -> None:
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Pulsrunde")
    maren.presses("Jetzt beginnen …")
    preview = maren.sees_button("Jetzt beginnen und alle einladen")
    data = buttons.PlanRound(register.municipality_id, 0, Form.LONG).pack()
    assert maren.raw_callback(preview, data) == ""
    assert "schon eine Runde geplant oder offen" in maren.raw_callback(preview, data)
    town.settle()
    assert len([m for m in register.staff[0].messages if m.contains("Puls – ")]) == 1


def test_too_long_and_hostile_texts_are_refused_in_words(town: Installation, register: Register) -> None:
    maren = register.owner
    maren.writes("/koordination")
    maren.presses("Worum es geht")
    maren.sees("Bitte schreiben Sie es")
    maren.writes("x" * 4000)
    maren.sees("Dieser Text hat 4000 Zeichen; möglich sind höchstens 200")
    maren.writes("\u202e\u200b<b>&amp;</b>")
    maren.sees("Es geht um: <b>&amp;</b>")


def test_one_round_that_cannot_be_counted_holds_up_no_other(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    with town.down():
        other = settle_town(town.settings.database_url, telegram, town.clock.now(), name="Stadt Anderswo", staff=5)
    town.settle()
    for register_ in (register, other):
        _open_round(town, register_)
        for person in register_.staff:
            person.presses("Beginnen")
            person.presses("stimme voll zu")
            person.sees("Aussage 2 von 9")
    first_key = min((town.data / "urn").glob("*.key"))
    with town.down():
        first_key.unlink()
        first_key.mkdir()
        town.clock.moment = at(2026, 11, 27, 14)
    town.settle()
    other.channel.sees("Beteiligung: 5 von 6")
    assert not register.channel.has("Beteiligung")
    first_key.rmdir()
    town.advance(timedelta(hours=2))
    register.staff[0].sees("Runde abgebrochen")


def test_after_thirty_days_the_outbox_forgets(town: Installation, register: Register) -> None:
    _open_round(town, register)
    town.advance(at(2026, 11, 27, 14))
    town.advance(timedelta(days=29))
    assert _everything(town)["outbox"]
    town.advance(timedelta(days=2))
    assert not _everything(town)["outbox"]


def _everything(town: Installation) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    from sqlalchemy import select

    from core.tables import Table

    database = Database(town.settings.database_url)
    with database.begin() as db:
        rows = {
            table.name: [tuple(row) for row in db.execute(select(table).order_by(table.c.id))]
            for table in Table.metadata.sorted_tables
        }
    database.dispose()
    return rows
