"""A coordinator makes a plan with buttons, and from then on rounds and overviews come by themselves."""

from sandbox.people import Person
from tests.journeys.installation import Installation, at
from tests.journeys.register import Register


def _looks_at_plan(person: Person) -> None:
    before = person.writes("/koordination")
    person.presses("Plan und Kalender", message=person.sees("Koordination – Landkreis Musterland", after=before))
    person.sees("Plan und Kalender", after=before)


def _saves_a_monthly_plan(maren: Person) -> None:
    _looks_at_plan(maren)
    maren.sees("Noch kein Plan. Vorschlag:")
    maren.presses("Vorher anpassen …")
    maren.presses("Uhrzeit: 09:00 Uhr")
    maren.presses("10:00 Uhr")
    maren.presses("Takt: alle vier Wochen")
    maren.presses("Jeden Monat")
    maren.sees("Jeden Monat am ersten Montag um 10:00 Uhr")
    maren.presses("Nicht vor: Mo., 30. November 2026")
    maren.presses("An einem anderen Tag …")
    maren.writes("31.11.")
    maren.sees("Dieses Datum habe ich nicht verstanden")
    maren.writes("1.12.")
    maren.sees("Nicht vor: Di., 1. Dezember 2026").contains("Mo., 7. Dezember 2026")
    assert maren.presses("So speichern") == "Gespeichert."
    maren.sees_button("Plan löschen …")


def test_a_plan_made_with_buttons_opens_round_after_round(town: Installation, register: Register) -> None:
    maren = register.owner
    _saves_a_monthly_plan(maren)
    town.settle()
    maren.writes("/koordination")
    maren.sees("Pulsrunde: beginnt Mo., 7. Dezember 2026, 10:00 Uhr")
    town.advance(at(2026, 12, 7, 8, 59))
    assert not register.staff[0].has("Puls – ")
    town.advance(at(2026, 12, 7, 9))
    for person in register.everybody:
        assert person.sees("Puls – Landkreis Musterland").contains("Fr., 11. Dezember 2026, 15:00 Uhr")
    _looks_at_plan(maren)
    assert maren.sees("Runde 1 ist offen bis Fr., 11. Dezember 2026, 15:00 Uhr").contains("Mo., 4. Januar 2027")
    with town.down():
        town.clock.moment = at(2026, 12, 11, 14)
    town.settle()
    town.settle()
    town.advance(at(2027, 1, 4, 9))
    maren.writes("/koordination")
    maren.sees("Pulsrunde: offen bis Fr., 8. Januar 2027, 15:00 Uhr")
    _looks_at_plan(maren)
    maren.presses("Plan löschen …")
    maren.presses("Nein, behalten")
    assert maren.presses("Plan aussetzen") == "Der Plan ist ausgesetzt."
    maren.sees("Es beginnt keine Runde nach Plan")
    assert maren.presses("Plan fortsetzen") == "Der Plan läuft weiter."
    maren.presses("Plan löschen …")
    assert maren.presses("Ja, löschen") == "Der Plan ist gelöscht."
    assert maren.sees("Noch kein Plan").contains("Runde 2 ist offen")


def test_closing_days_move_a_date_and_a_skipped_one_comes_back(town: Installation, register: Register) -> None:
    maren = register.owner
    _saves_a_monthly_plan(maren)
    town.settle()
    maren.presses("Einstellungen")
    maren.sees("Bundesland: noch nicht eingestellt")
    maren.presses("Bundesland")
    assert maren.presses("Bayern") == "Eingestellt: Bayern"
    maren.sees("Bundesland: Bayern")
    maren.presses("Schließzeiten")
    maren.presses("Hinzufügen …")
    maren.writes("nach Nikolaus")
    maren.sees("Diese Tage habe ich nicht verstanden")
    maren.writes("7.12.–8.12.2026")
    maren.sees("7. Dezember 2026 – 8. Dezember 2026")
    town.settle()
    maren.writes("/koordination")
    maren.sees("Pulsrunde: beginnt Mi., 9. Dezember 2026, 10:00 Uhr")
    _looks_at_plan(maren)
    maren.sees("Mi., 9. Dezember 2026 (verschoben wegen Schließtag)")
    assert maren.presses("Nächste Runde auslassen") == "Ausgelassen: Mi., 9. Dezember 2026"
    maren.sees("Ausgelassen: Mi., 9. Dezember 2026")
    town.settle()
    assert maren.presses("Doch nicht auslassen") == "Findet doch statt: Mi., 9. Dezember 2026"
    town.settle()
    town.advance(at(2026, 12, 9, 8, 59))
    assert not register.staff[0].has("Puls – ")
    town.advance(at(2026, 12, 9, 9))
    assert register.staff[0].sees("Puls – Landkreis Musterland").contains("Di., 15. Dezember 2026, 15:00 Uhr")


def test_the_suggestion_a_pause_and_the_overview_in_english(town: Installation, register: Register) -> None:
    lead = register.owner
    lead.writes("/language")
    lead.presses("English")
    lead.writes("/coordination")
    lead.presses("Plan and calendar")
    lead.sees("There is no plan yet. Suggestion:")
    assert lead.presses("Save the suggestion") == "Saved."
    lead.sees_button("Delete the plan …")
    assert lead.sees("Every four weeks, on Mondays at 09:00").contains("Mon, 30 November 2026")
    lead.presses("Pauses")
    lead.presses("Add …")
    lead.writes("30 Nov to 31 Dec")
    lead.sees("30 November 2026 – 31 December 2026")
    lead.presses("Back")
    left_out = "Left out because of a pause: Mon, 30 November 2026; Mon, 28 December 2026"
    assert lead.sees(left_out).contains("Mon, 25 January 2027")
    lead.presses("Pauses")
    assert lead.presses("Remove: 30 November 2026").startswith("Removed: 30 November 2026")
    assert lead.presses("Bring back: 30 November 2026").startswith("Recorded: 30 November 2026")
    lead.presses("Back")
    lead.presses("Overview at fixed dates")
    lead.sees("It is switched off.")
    assert lead.presses("Save the suggestion") == "Saved."
    lead.presses("Back")
    lead.presses("Settings")
    lead.presses("Language of the channel")
    question = lead.sees("In which language should the bot write to the coordination channel?")
    assert lead.presses("English", message=question) == "Saved."
    lead.presses("Smallest group")
    assert lead.presses("8 answers") == "Saved."
    lead.sees("Shown from: 8 answers")
    town.settle()
    town.advance(at(2026, 12, 7, 8))
    posted = register.channel.sees("Landkreis Musterland – overview")
    assert posted.contains("The next pulse round opens: Mon, 25 January 2027, 09:00")
    assert not register.staff[0].has("Puls – ")
    town.advance(at(2027, 1, 25, 8))
    register.staff[0].sees("Puls – Landkreis Musterland")
    lead.sees("Pulse – Landkreis Musterland")


def test_old_and_forged_buttons_do_no_harm(town: Installation, register: Register) -> None:
    maren, place = register.owner, register.municipality_id
    maren.writes("/koordination")
    panel = maren.sees("Koordination – Landkreis Musterland")
    for data in (
        f"ge:{place}:p2w100910s20261130", f"gs:{place}:p4w100905s20261331", f"gc:{place}:nth:p4w100905s20261130",
        f"gk:{place}:20261399", f"hr:{place}:pause:0:1", f"hn:{place}:3", f"hb:{place}:XX", f"ge:{place}:p4w1",
    ):  # fmt: skip
        assert maren.raw_callback(panel, data).startswith("Dieser Knopf gilt nicht mehr."), data
    for data in (f"gk:{place}:20261130", f"gp:{place}:pulse", f"gx:{place}:digest"):
        assert maren.raw_callback(panel, data) == "Diesen Plan gibt es nicht mehr."
    staff = register.staff[0]
    staff.writes("/menu")
    menu = staff.sees("Landkreis Musterland")
    assert staff.raw_callback(menu, f"gs:{place}:p4w100905s20261130") == "Das kann nur die Koordination."
    _looks_at_plan(maren)
    maren.sees("Noch kein Plan")
