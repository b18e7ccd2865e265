"""A municipality's calendar: its Land, closing days and pauses; the smallest group and the channel's language."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.plans import MINIMA, Land, Period, PeriodKind
from screens import Keyboard, Press, Screen
from screens.buttons import (
    AskPeriod,
    Locale,
    RemovePeriod,
    RestorePeriod,
    SetChannelLanguage,
    SetLand,
    SetMinimum,
    ShowChannelLanguage,
    ShowLands,
    ShowMinimum,
    ShowPeriods,
    ShowPlan,
    ShowSettings,
    packed_day,
)
from screens.l10n import N_, Texts, lines
from screens.menu import question
from screens.sketches import capital

# Names that are alike in all languages need no translation.
LANDS = {
    Land.BW: "Baden-Württemberg",
    Land.BY: N_("Bavaria"),
    Land.BE: "Berlin",
    Land.BB: "Brandenburg",
    Land.HB: "Bremen",
    Land.HH: "Hamburg",
    Land.HE: N_("Hesse"),
    Land.MV: N_("Mecklenburg-Western Pomerania"),
    Land.NI: N_("Lower Saxony"),
    Land.NW: N_("North Rhine-Westphalia"),
    Land.RP: N_("Rhineland-Palatinate"),
    Land.SL: "Saarland",
    Land.SN: N_("Saxony"),
    Land.ST: N_("Saxony-Anhalt"),
    Land.SH: "Schleswig-Holstein",
    Land.TH: N_("Thuringia"),
}
LANGUAGES = {Locale.DE: "Deutsch", Locale.EN: "English"}
IN_A_ROW = 2


def settings(t: Texts, here: Municipality, closing: Sequence[Period], toast: str = "") -> Screen:
    text = lines(
        t("<b>Calendar</b>"),
        Markup("\n").join(
            (
                t("Land: {land}", land=_land(t, here)),
                t("Closing days: {n}", n=len(closing)) if closing else t("Closing days: none yet"),
                t("Shown from: {n} answers", n=t.count(here.minimum)),
                t("Language of the channel: {language}", language=LANGUAGES[Locale(here.locale)]),
            )
        ),
    )
    keys: Keyboard = (
        (
            Press(t.plain("Land"), ShowLands(here.id)),
            Press(t.plain("Closing days"), ShowPeriods(here.id, PeriodKind.CLOSING)),
        ),
        (
            Press(t.plain("Smallest group"), ShowMinimum(here.id)),
            Press(t.plain("Language of the channel"), ShowChannelLanguage(here.id)),
        ),
        (Press(t.plain("Back"), ShowPlan(here.id)),),
    )
    return Screen(text, keys, toast=toast)


def lands(t: Texts, here: Municipality) -> Screen:
    text = lines(
        t("In which Land are you? Its public holidays count: no round opens on them, and nobody is reminded."),
        t("Now: {choice}", choice=_land(t, here)),
    )
    presses = [Press(t.plain(name), SetLand(here.id, land)) for land, name in LANDS.items()]
    rows = tuple(tuple(presses[n : n + IN_A_ROW]) for n in range(0, len(presses), IN_A_ROW))
    return Screen(text, (*rows, (Press(t.plain("Back"), ShowSettings(here.id)),)))


def periods(
    t: Texts,
    here: Municipality,
    kind: PeriodKind,
    listed: Sequence[Period],
    removed: Period | None = None,
    toast: str = "",
) -> Screen:
    """``removed`` has just been removed and can be brought back."""
    if kind is PeriodKind.CLOSING:
        title, about = t("<b>Closing days</b>"), t("On these days your administration is closed: nothing is sent.")
        none, back = t("None are recorded."), Press(t.plain("Back"), ShowSettings(here.id))
    else:
        title, about = (
            t("<b>Pauses</b>"),
            t("In a pause no round opens, for example in the summer. An open one goes on."),
        )
        none, back = t("None is recorded."), Press(t.plain("Back"), ShowPlan(here.id))
    text = lines(title, about, Markup("\n").join(_span(t, p.first, p.last) for p in listed) or none)
    keys: Keyboard = (
        *(
            (Press(t.plain("Remove: {span}", span=_span(t, p.first, p.last)), RemovePeriod(here.id, p.id)),)
            for p in listed
        ),
        *(((_restore(t, here, kind, removed),),) if removed else ()),
        (Press(t.plain("Add …"), AskPeriod(here.id, kind)),),
        (back,),
    )
    return Screen(text, keys, toast=toast)


def ask_period(t: Texts, kind: PeriodKind, first: date, last: date) -> Screen:
    example = f"{first:%d.%m.}–{last:%d.%m.%Y}"
    if kind is PeriodKind.CLOSING:
        return question(t, t("On which days are you closed? For example: {example}, or just one day", example=example))
    return question(t, t("From when until when is the pause? For example: {example}", example=example))


def minimum(t: Texts, here: Municipality) -> Screen:
    text = lines(
        t("From how many answers is a result shown?"),
        t(
            "Five is the least. With more, a single answer is better protected, but with few people it happens more "
            "often that nothing is shown. The change counts from the next round on."
        ),
        t("Now: {choice}", choice=_answers(t, here.minimum)),
    )
    keys = tuple((Press(capital(_answers(t, n)), SetMinimum(here.id, n)),) for n in MINIMA)
    return Screen(text, (*keys, (Press(t.plain("Back"), ShowSettings(here.id)),)))


def channel_language(t: Texts, here: Municipality) -> Screen:
    text = lines(
        t("In which language should the bot write to the coordination channel?"),
        t("Now: {choice}", choice=LANGUAGES[Locale(here.locale)]),
    )
    keys = tuple((Press(name, SetChannelLanguage(here.id, locale)),) for locale, name in LANGUAGES.items())
    return Screen(text, (*keys, (Press(t.plain("Back"), ShowSettings(here.id)),)))


def added(t: Texts, first: date, last: date) -> str:
    """A toast."""
    return t.plain("Recorded: {span}", span=_span(t, first, last))


def removed(t: Texts, period: Period) -> str:
    """A toast."""
    return t.plain("Removed: {name}", name=_span(t, period.first, period.last))


def land_set(t: Texts, land: Land) -> str:
    """A toast."""
    return t.plain("Set: {choice}", choice=t.plain(LANDS[land]))


def saved(t: Texts) -> str:
    """A toast."""
    return t.plain("Saved.")


def _answers(t: Texts, n: int) -> str:
    return t.plain(N_("{n} answers"), n=t.count(n))


def _land(t: Texts, here: Municipality) -> str:
    return t.plain(LANDS[Land(here.land)]) if here.land else t.plain(N_("not set yet"))


def _span(t: Texts, first: date, last: date) -> str:
    """«24. Dezember 2026 – 31. Dezember 2026», or one day."""
    if first == last:
        return t.long_date(first)
    return t.plain(N_("{first} – {last}"), first=t.long_date(first), last=t.long_date(last))


def _restore(t: Texts, here: Municipality, kind: PeriodKind, gone: Period) -> Press:
    label = t.plain("Bring back: {span}", span=_span(t, gone.first, gone.last))
    return Press(label, RestorePeriod(here.id, kind, packed_day(gone.first), packed_day(gone.last)))
