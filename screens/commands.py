"""The commands: all names of each are always understood, the reader's is shown."""

from dataclasses import dataclass

from screens.l10n import N_


@dataclass(frozen=True)
class Command:
    german: str
    english: str
    about: str
    for_coordinators: bool = False
    also: tuple[str, ...] = ()
    """Further names that are understood, but not shown."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.german, self.english, *self.also})

    def name(self, locale: str) -> str:
        return self.german if locale == "de" else self.english


START = Command("start", "start", N_("Start again"))
MENU = Command("menu", "menu", N_("Menu"))
PULSE = Command("puls", "pulse", N_("Answer the open pulse round"))
LANGUAGE = Command("sprache", "language", N_("Choose the language"))
PRIVACY = Command("datenschutz", "privacy", N_("Data protection"))
MY_DATA = Command("meinedaten", "mydata", N_("My data as a file"))
LEAVE = Command("abmelden", "leave", N_("Sign off and delete my data"), also=("loeschen", "löschen"))
AWAY = Command("abwesend", "away", N_("Report or end an absence"))
HELP = Command("hilfe", "help", N_("Help"))
CANCEL = Command("abbrechen", "cancel", N_("Cancel an entry"))
COORDINATION = Command("koordination", "coordination", N_("Coordination"), for_coordinators=True)

ALL = (START, MENU, PULSE, AWAY, LANGUAGE, PRIVACY, MY_DATA, LEAVE, CANCEL, HELP, COORDINATION)
