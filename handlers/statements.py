"""The municipality's own statements and the question bank."""

from collections.abc import Callable, Iterable
from typing import Any
from zlib import crc32

from core.actions import drafts, outbox
from core.actions import statements as deeds
from core.queries import people, plans, statements
from core.questions import bank
from core.rules.people import Account
from core.rules.pulse import Dimension, OwnStatement
from core.rules.statements import Wording, read_wording, require_new, require_room
from handlers import forms
from handlers.turn import Turn
from screens import Screen, as_json
from screens import statements as screens
from screens.buttons import (
    LARGEST,
    ApproveStatement,
    AskOwnStatement,
    AskRetireStatement,
    ChooseDimension,
    DeclineStatement,
    ProposeStatement,
    RetireStatement,
    ShowOwnStatement,
    ShowOwnStatements,
    ShowQuestionBank,
)
from screens.l10n import LOCALES, Texts, texts


def overview(turn: Turn, _button: ShowOwnStatements) -> Screen:
    return _overview(turn)


def question_bank(turn: Turn, button: ShowQuestionBank) -> Screen:
    return screens.question_bank(turn.t, turn.member.municipality_id, button.dimension, bank())


def choose_dimension(turn: Turn, _button: ChooseDimension) -> Screen:
    require_room(_own(turn))
    return screens.choose_dimension(turn.t, turn.member.municipality_id)


def ask(turn: Turn, button: AskOwnStatement) -> Screen:
    return forms.ask(
        turn, "statement", screens.ask_statement(turn.t, button.dimension),
        municipality=turn.member.municipality_id, dimension=button.dimension,
    )  # fmt: skip


def given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    """Show how it will look; the draft stays, so that writing again corrects it."""
    wording = read_wording(text)
    own = _own(turn)
    require_room(own)
    require_new(wording, (*bank(), *own))
    dimension = Dimension(draft["dimension"])
    return forms.ask(
        turn, "statement", _preview(turn, dimension, wording),
        municipality=turn.member.municipality_id, dimension=dimension, text="\n".join(wording),
    )  # fmt: skip


def propose(turn: Turn, button: ProposeStatement) -> Screen:
    form, draft = drafts.current(turn.db, turn.telegram_id) or ("", {})
    if form != "statement" or draft["municipality"] != turn.member.municipality_id or "text" not in draft:
        # Pressed twice, or long ago.
        forms.done(turn)
        return _overview(turn)
    dimension, wording = Dimension(draft["dimension"]), read_wording(draft["text"])
    if button.mark != _mark(dimension, wording):
        # The key of an older preview: nobody proposes what they have not just seen.
        return _preview(turn, dimension, wording)
    proposed = deeds.propose(turn.db, turn.member, dimension, draft["text"])
    forms.done(turn)
    others = _others(turn)
    _tell(turn, "proposed", others, proposed, screens.notice)
    return screens.proposed(turn.t, proposed, alone=not others)


def show(turn: Turn, button: ShowOwnStatement) -> Screen:
    return _one(turn, _statement(turn, button.statement))


def approve(turn: Turn, button: ApproveStatement) -> Screen:
    approved = deeds.approve(turn.db, turn.member, button.statement, turn.now)
    _tell_proposer(turn, "approved", approved, screens.notice_approved)
    return _one(turn, approved, screens.approved(turn.t))


def decline(turn: Turn, button: DeclineStatement) -> Screen:
    declined = deeds.decline(turn.db, turn.member, button.statement)
    if declined.proposed_by == turn.known_account.id:
        return _overview(turn, screens.withdrawn(turn.t))
    _tell_proposer(turn, "declined", declined, screens.notice_declined)
    return _overview(turn, screens.declined(turn.t))


def ask_retire(turn: Turn, button: AskRetireStatement) -> Screen:
    return screens.ask_retire(turn.t, _statement(turn, button.statement))


def retire(turn: Turn, button: RetireStatement) -> Screen:
    deeds.retire(turn.db, turn.member, button.statement, turn.now)
    return _overview(turn, screens.retired(turn.t))


def _overview(turn: Turn, toast: str = "") -> Screen:
    place = turn.member.municipality_id
    latest = statements.latest_round(turn.db, place)
    me, alone = turn.known_account.id, not _others(turn)
    return screens.overview(turn.t, place, _own(turn), me, latest, alone=alone, toast=toast)


def _one(turn: Turn, statement: OwnStatement, toast: str = "") -> Screen:
    latest = statements.latest_round(turn.db, statement.municipality_id)
    me, alone = turn.known_account.id, not _others(turn)
    return screens.one(turn.t, statement, me, latest, alone=alone, toast=toast)


def _preview(turn: Turn, dimension: Dimension, wording: Wording) -> Screen:
    return screens.preview(turn.t, turn.member.municipality_id, dimension, wording, _mark(dimension, wording))


def _mark(dimension: Dimension, wording: Wording) -> int:
    return crc32("\n".join((dimension, *wording)).encode()) & LARGEST


def _own(turn: Turn) -> tuple[OwnStatement, ...]:
    return statements.own(turn.db, turn.member.municipality_id)


def _statement(turn: Turn, statement_id: int) -> OwnStatement:
    return statements.statement(turn.db, turn.member.municipality_id, statement_id)


def _others(turn: Turn) -> tuple[Account, ...]:
    """The other connected coordinators; somebody who is in the register twice is not another one."""
    connected = people.coordinators(turn.db, turn.member.municipality_id)
    return tuple(account for account in connected if account.id != turn.known_account.id)


def _tell_proposer(
    turn: Turn, what: str, statement: OwnStatement, notice: Callable[[Texts, str, OwnStatement], Screen]
) -> None:
    """Whoever no longer coordinates here is not told."""
    proposer = [account for account in _others(turn) if account.id == statement.proposed_by]
    _tell(turn, what, proposer, statement, notice)


def _tell(
    turn: Turn,
    what: str,
    accounts: Iterable[Account],
    statement: OwnStatement,
    notice: Callable[[Texts, str, OwnStatement], Screen],
) -> None:
    told = {locale: as_json(notice(texts(locale), turn.member.municipality, statement)) for locale in LOCALES}
    at = plans.sending(turn.db, turn.member.municipality_id, turn.now)
    outbox.notify(turn.db, f"statement:{statement.id}:{what}", accounts, told, turn.now, at=at)
