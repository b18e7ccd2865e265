"""The first contact, joining by a link, the menu, language and help."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from core.actions import drafts
from core.actions import people as deeds
from core.queries import people, pulse
from core.rules.people import Member, clean_name
from core.rules.refusal import Reason, Refusal
from handlers import forms, plans
from handlers.turn import Turn
from screens import Screen, joining
from screens import menu as menu_screens
from screens import people as screens
from screens.buttons import (
    CancelForm,
    ChooseLanguage,
    ChooseMunicipality,
    CorrectName,
    Join,
    JoinAsNamed,
    JoinLink,
    MenuLink,
    OpenMenu,
    SetLanguage,
    ShowInvitation,
    SwitchMunicipality,
)
from screens.l10n import texts

JOIN = "join"


def start(turn: Turn, _words: str) -> Screen:
    if turn.account is not None:
        deeds.mark_reachable(turn.db, turn.telegram_id)
    return home(turn) if turn.acting else menu_screens.welcome_stranger(turn.t)


def menu(turn: Turn, _asked: OpenMenu | MenuLink | str) -> Screen:
    return home(turn)


def home(turn: Turn) -> Screen:
    member = turn.member
    running = pulse.running(turn.db, member.municipality_id)
    asked = (
        running is not None
        and running.is_open(turn.now)
        and pulse.is_invited(turn.db, running.id, turn.known_account.id)
    )
    here = people.municipality(turn.db, member.municipality_id)
    away_until = turn.known_account.absence(turn.now.astimezone(ZoneInfo(here.zone)).date())
    return menu_screens.home(turn.t, here, member, turn.members, running if asked else None, away_until)


def follow_invitation(turn: Turn, link: JoinLink | ShowInvitation) -> Screen:
    """Show what the link promises; it is used up by joining, not by looking."""
    invited, mine = people.invitation(turn.db, people.token_hash(link.token), _account_id(turn), turn.now)
    if mine is not None:
        return joining.already_joined(turn.t, mine)
    return joining.invitation(turn.t, invited, link.token, turn.members[0] if turn.members else None)


def join(turn: Turn, button: Join) -> Screen:
    return _join(turn, people.token_hash(button.token), "")


def ask_own_name(turn: Turn, button: CorrectName) -> Screen:
    hashed = people.token_hash(button.token)
    _, mine = people.invitation(turn.db, hashed, _account_id(turn), turn.now)
    if mine is not None:
        return joining.already_joined(turn.t, mine)
    return forms.ask(turn, JOIN, joining.ask_own_name(turn.t), invitation=hashed)


def own_name_given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    """Show the name once more; the draft stays, so that writing again corrects it."""
    name = clean_name(text)
    invited, mine = people.invitation(turn.db, draft["invitation"], _account_id(turn), turn.now)
    if mine is not None:
        return joining.already_joined(turn.t, mine)
    screen = joining.invitation_as_named(turn.t, invited, name)
    return forms.ask(turn, JOIN, screen, invitation=draft["invitation"], name=name)


def join_as_named(turn: Turn, _button: JoinAsNamed) -> Screen:
    form, data = drafts.current(turn.db, turn.telegram_id) or ("", {})
    if form != JOIN or "name" not in data:
        if turn.acting is not None:
            return home(turn)
        raise Refusal(Reason.STALE_BUTTON)
    forms.done(turn)
    return _join(turn, data["invitation"], data["name"])


def choose_language(turn: Turn, _asked: ChooseLanguage | str) -> Screen:
    return menu_screens.languages(turn.t, turn.acting)


def set_language(turn: Turn, button: SetLanguage) -> Screen:
    deeds.set_locale(turn.db, turn.known_account, button.locale)
    return menu_screens.languages(texts(button.locale), turn.acting)


def choose_municipality(turn: Turn, _button: ChooseMunicipality) -> Screen:
    return menu_screens.municipalities(turn.t, turn.members)


def switch_municipality(turn: Turn, button: SwitchMunicipality) -> Screen:
    deeds.switch(turn.db, turn.known_account, turn.members, button.municipality)
    return home(turn)


def help_page(turn: Turn, _words: str) -> Screen:
    return menu_screens.help_page(turn.t, turn.acting, coordinates=any(m.is_coordinator for m in turn.members))


def cancel(turn: Turn, _button: CancelForm) -> Screen:
    """Leave the form and go back to where it was opened."""
    form, data = drafts.current(turn.db, turn.telegram_id) or ("", {})
    if not form:
        return menu_screens.nothing_open(turn.t, turn.acting)
    forms.done(turn)
    if form == JOIN:
        return joining.joining_cancelled(turn.t)
    here = data.get("municipality")
    coordinating = next((m for m in turn.members if m.municipality_id == here and m.is_coordinator), None)
    if coordinating is None:
        return home(turn)
    if "sketch" in data:
        return plans.reopen(replace(turn, acting=coordinating), data["sketch"])
    place = coordinating.municipality_id
    running = pulse.running(turn.db, place)
    return screens.panel(turn.t, people.setup(turn.db, place), running, toast=menu_screens.cancelled(turn.t))


def nothing_open(turn: Turn, _words: str) -> Screen:
    """Every command ends a form, so that none is open any more."""
    return menu_screens.nothing_open(turn.t, turn.acting)


def not_understood(_turn: Turn, _text: str) -> Screen:
    raise Refusal(Reason.NOT_UNDERSTOOD)


def came_back(turn: Turn, _words: str) -> None:
    """The person has unblocked the bot."""
    deeds.mark_reachable(turn.db, turn.telegram_id)


def went_away(turn: Turn, _words: str) -> None:
    """The person has blocked the bot."""
    deeds.mark_blocked(turn.db, turn.telegram_id, turn.now)


def _join(turn: Turn, hashed: str, name: str) -> Screen:
    member: Member = deeds.join(turn.db, hashed, turn.telegram_id, turn.t.locale, name, turn.now)
    return joining.joined(turn.t, member)


def _account_id(turn: Turn) -> int | None:
    return turn.account.id if turn.account else None
