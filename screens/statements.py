"""A municipality's own statements, from the proposal to the retirement; and the question bank to read."""

from collections.abc import Sequence

from markupsafe import Markup

from core.rules.people import Role
from core.rules.pulse import ANSWERS, Dimension, ItemRole, OwnStatement, Statement
from core.rules.statements import AT_MOST, WORDING_LIMIT, Stage, Wording, is_question, stage
from screens import Key, Keyboard, Press, Screen
from screens.buttons import (
    ApproveStatement,
    AskInvite,
    AskOwnStatement,
    AskRetireStatement,
    ChooseDimension,
    DeclineStatement,
    Panel,
    ProposeStatement,
    RetireStatement,
    ShowOwnStatement,
    ShowOwnStatements,
    ShowQuestionBank,
)
from screens.figures import MEANINGS, NAMES
from screens.l10n import N_, Texts, lines, texts
from screens.menu import question, short
from screens.pulse import SCALE

IN_A_LIST = 90
"""Characters of a statement where several stand together; in full it stands on a screen of its own."""

ABOUT = {
    Dimension.MUST: N_(
        "Is it clear that change is needed? Data, shared problems, who is concerned, what the options are."
    ),
    Dimension.WANT: N_("Are people ready for it? Political will, trust, clear goals, time and money."),
    Dimension.CAN: N_("Are people able to do it? Participation, committees, decisions, information, skills."),
}


def overview(
    t: Texts, place: int, own: Sequence[OwnStatement], me: int | None, latest: int, *, alone: bool, toast: str = ""
) -> Screen:
    """``me`` is the reader's account, ``latest`` the last opened round's number; ``alone``: there is no second one."""
    text = lines(
        t("<b>Own statements</b>"),
        t(
            "They supplement the question bank: in long rounds they take turns with its statements. A second "
            "coordinator approves each of them, and the invitation to a round announces it before it is asked."
        ),
        Markup("\n").join(_listed(t, number, statement, me, latest) for number, statement in enumerate(own, 1))
        or t("There are none yet."),
        t("{limit} own statements are the most. Please retire one before you propose another.", limit=AT_MOST)
        if len(own) >= AT_MOST
        else "",
        _second_needed(t) if alone else "",
    )
    new = ((Press(t.plain("Propose a statement"), ChooseDimension(place)),),) if len(own) < AT_MOST else ()
    keys: Keyboard = (
        *(
            (Press(short(f"{number}. {statement.wording(t.locale)}"), ShowOwnStatement(place, statement.id)),)
            for number, statement in enumerate(own, 1)
        ),
        *new,
        (Press(t.plain("Question bank"), ShowQuestionBank(place, Dimension.MUST)),),
        *_invite(t, place, alone=alone),
        (Press(t.plain("To the coordination"), Panel(place)),),
    )
    return Screen(text, keys, toast=toast)


def choose_dimension(t: Texts, place: int) -> Screen:
    text = lines(
        t("<b>New statement</b>"),
        t("What is the statement about?"),
        *(
            t("<b>{dimension}</b>: {about}", dimension=_full_name(t, dimension), about=t.plain(ABOUT[dimension]))
            for dimension in Dimension
        ),
    )
    keys: Keyboard = (
        *((Press(_full_name(t, dimension), AskOwnStatement(place, dimension)),) for dimension in Dimension),
        (Press(t.plain("Back"), ShowOwnStatements(place)),),
    )
    return Screen(text, keys)


def ask_statement(t: Texts, dimension: Dimension) -> Screen:
    return question(
        t,
        lines(
            t("Please write the statement on “{dimension}” in one line of at most {limit} characters.",
              dimension=t.plain(NAMES[dimension]), limit=WORDING_LIMIT),
            t(
                "If you like, write the English wording in a second line. Without it, people who read English see the "
                "German one."
            ),
            t("Good statements contain one thought only, name no persons or departments, and one can agree or disagree "
              "with them. For example: “We inform one another early about new projects.”"),
        ),
    )  # fmt: skip


def preview(t: Texts, place: int, dimension: Dimension, wording: Wording, mark: int) -> Screen:
    """What staff will see, before it is proposed; ``mark`` comes back with the press."""
    text = lines(
        t("<b>Preview: own statement on “{dimension}”</b>", dimension=t.plain(NAMES[dimension])),
        _as_asked(t, wording),
        _hints(t, wording),
        t("If something is not right yet, simply write the statement again."),
        t("Once approved, it is not reworded any more: another wording is a new statement."),
    )
    keys: Keyboard = (
        (Press(t.plain("Propose it like this"), ProposeStatement(place, mark)),),
        (Press(t.plain("Discard"), ShowOwnStatements(place)),),
    )
    return Screen(text, keys)


def proposed(t: Texts, statement: OwnStatement, *, alone: bool) -> Screen:
    place = statement.municipality_id
    text = lines(
        t("Your statement is proposed: “{statement}”", statement=statement.wording(t.locale)),
        _second_needed(t) if alone else t("A second coordinator decides on it. The bot has told the others."),
    )
    return Screen(text, (*_invite(t, place, alone=alone), _back(t, place)))


def one(
    t: Texts, statement: OwnStatement, me: int | None, latest: int, *, alone: bool = False, toast: str = ""
) -> Screen:
    """One statement as staff see it, where it stands, and what this reader can do with it."""
    place, wording = statement.municipality_id, Wording(statement.de, statement.en)
    is_mine, is_open = _is_mine(statement, me), not statement.is_approved
    text = lines(
        t("<b>Own statement on “{dimension}”</b>", dimension=t.plain(NAMES[statement.dimension])),
        _as_asked(t, wording),
        t("State: {state}", state=_state(t, statement, me, latest)),
        _hints(t, wording) if is_open and not is_mine else "",
        _second_needed(t) if is_open and is_mine and alone else "",
        t("It is not reworded: another wording is a new statement."),
    )
    keys: list[tuple[Key, ...]] = []
    if not is_open:
        keys.append((Press(t.plain("Retire …"), AskRetireStatement(place, statement.id)),))
    elif is_mine:
        keys += [(Press(t.plain("Withdraw"), DeclineStatement(place, statement.id)),), *_invite(t, place, alone=alone)]
    else:
        keys.append((Press(t.plain("Approve"), ApproveStatement(place, statement.id)),))
        keys.append((Press(t.plain("Decline"), DeclineStatement(place, statement.id)),))
    return Screen(text, (*keys, _back(t, place)), toast=toast)


def ask_retire(t: Texts, statement: OwnStatement) -> Screen:
    place = statement.municipality_id
    text = lines(
        t("Retire “{statement}”?", statement=statement.wording(t.locale)),
        t("It will not be asked any more, and this cannot be undone. Past results keep it; a round that is open now "
          "does not change."),
    )  # fmt: skip
    keys: Keyboard = (
        (Press(t.plain("Yes, retire"), RetireStatement(place, statement.id)),),
        (Press(t.plain("No, keep"), ShowOwnStatement(place, statement.id)),),
    )
    return Screen(text, keys)


def notice(t: Texts, municipality: str, statement: OwnStatement) -> Screen:
    """To the other coordinators: there is something to decide on."""
    place = statement.municipality_id
    text = lines(
        t("<b>{municipality}: a new statement waits for approval</b>", municipality=municipality),
        t("{dimension}: “{statement}”", dimension=t.plain(NAMES[statement.dimension]),
          statement=statement.wording(t.locale)),
        t("Please look at it: it is only asked if a second coordinator approves it."),
    )  # fmt: skip
    return Screen(text, ((Press(t.plain("Look at it"), ShowOwnStatement(place, statement.id)),),))


def notice_approved(t: Texts, municipality: str, statement: OwnStatement) -> Screen:
    """To whoever proposed it."""
    text = lines(
        t("<b>{municipality}: your statement is approved</b>", municipality=municipality),
        t("“{statement}”", statement=statement.wording(t.locale)),
        t("The invitation to the next round announces it. From the round after that it can be asked."),
    )
    return Screen(text, (_back(t, statement.municipality_id),))


def notice_declined(t: Texts, municipality: str, statement: OwnStatement) -> Screen:
    """To whoever proposed it; the wording stands here for the last time."""
    text = lines(
        t("<b>{municipality}: your statement was declined</b>", municipality=municipality),
        t("“{statement}”", statement=statement.wording(t.locale)),
        t("It is deleted. Please talk about it with the other coordinators; you can propose another wording."),
    )
    return Screen(text, (_back(t, statement.municipality_id),))


def approved(t: Texts) -> str:
    """A toast."""
    return t.plain("Approved")


def declined(t: Texts) -> str:
    """A toast."""
    return t.plain("Declined and deleted")


def withdrawn(t: Texts) -> str:
    """A toast."""
    return t.plain("Withdrawn")


def retired(t: Texts) -> str:
    """A toast."""
    return t.plain("Retired")


def question_bank(t: Texts, place: int, dimension: Dimension, bank: Sequence[Statement]) -> Screen:
    """One dimension's statements: those of every round, and those that take turns."""
    here = [s for s in bank if s.dimension is dimension]
    text = lines(
        t("<b>Question bank: {dimension}</b>", dimension=_full_name(t, dimension)),
        t("In every round:"),
        _numbered(t, [s for s in here if s.role is not ItemRole.ROTATING]),
        t("In turn, one in each long round:"),
        _numbered(t, [s for s in here if s.role is ItemRole.ROTATING]),
        t("Your own statements on “{dimension}” take turns with them.", dimension=t.plain(NAMES[dimension])),
    )
    others = (d for d in Dimension if d is not dimension)
    keys: Keyboard = (
        tuple(Press(t.plain(NAMES[other]), ShowQuestionBank(place, other)) for other in others),
        _back(t, place),
    )
    return Screen(text, keys)


def _as_asked(t: Texts, wording: Wording) -> Markup:
    """The statement with its answers, in each language in which somebody will read it."""
    return lines(
        _card(texts("de"), wording.de),
        _card(texts("en"), wording.en)
        if wording.en
        else t("There is no English wording: everybody sees the German one."),
    )


def _card(reader: Texts, statement: str) -> Markup:
    scale = [reader.plain(SCALE[value]) for value in reversed(ANSWERS)]
    answers = " · ".join((*scale, reader.plain("prefer not to say")))
    return Markup("<b>{}</b>\n{}").format(statement, answers)


def _hints(t: Texts, wording: Wording) -> Markup:
    return lines(
        t("Please check: Is it one thought only? Does it name no person and no department? Can one agree or disagree?"),
        t("It ends with a question mark. One can agree better with a sentence that states something.")
        if is_question(wording)
        else "",
    )


def _listed(t: Texts, number: int, statement: OwnStatement, me: int | None, latest: int) -> Markup:
    return t(
        "{n}. {dimension}: “{statement}” – {state}",
        n=number, dimension=t.plain(NAMES[statement.dimension]),
        statement=short(statement.wording(t.locale), IN_A_LIST), state=_state(t, statement, me, latest),
    )  # fmt: skip


def _state(t: Texts, statement: OwnStatement, me: int | None, latest: int) -> str:
    match stage(statement, latest):
        case Stage.PROPOSED if _is_mine(statement, me):
            return t.plain("proposed by you, waits for approval by a second coordinator")
        case Stage.PROPOSED:
            return t.plain("waits for approval by a second coordinator")
        case Stage.APPROVED:
            return t.plain("will be announced with the next round")
        case Stage.ANNOUNCED:
            return t.plain("announced in round {number}", number=statement.announced)
        case Stage.IN_USE:
            return t.plain("in use")


def _is_mine(statement: OwnStatement, me: int | None) -> bool:
    return statement.proposed_by is not None and statement.proposed_by == me


def _second_needed(t: Texts) -> Markup:
    return t(
        "So far you are the only connected coordinator. A second one is needed to approve a statement: please invite "
        "somebody to coordinate."
    )


def _invite(t: Texts, place: int, *, alone: bool) -> Keyboard:
    if not alone:
        return ()
    return ((Press(t.plain("Invite somebody to coordinate"), AskInvite(place, 0, Role.COORDINATOR)),),)


def _numbered(t: Texts, listed: Sequence[Statement]) -> Markup:
    return Markup("\n").join(
        t("{n}. {statement}", n=number, statement=statement.wording(t.locale))
        for number, statement in enumerate(listed, 1)
    )


def _full_name(t: Texts, dimension: Dimension) -> str:
    return t.plain(N_("{name} ({meaning})"), name=t.plain(NAMES[dimension]), meaning=t.plain(MEANINGS[dimension]))


def _back(t: Texts, place: int) -> tuple[Press, ...]:
    return (Press(t.plain("Own statements"), ShowOwnStatements(place)),)
