"""Every button's meaning as a typed value of at most 64 bytes, and every deep link's payload.

What comes back in a button or a link is a claim of whoever pressed: it says what they want, never what they may.
"""

import re
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, NewType, Self, get_type_hints

from core.rules.people import DepartmentKind, Involvement, Role
from core.rules.plans import Land, Part, PeriodKind, PlanKind
from core.rules.pulse import Dimension, Form
from core.rules.refusal import Reason, Refusal

Token = NewType("Token", str)
"""The secret of an invitation: 32 hexadecimal digits."""

Sketch = NewType("Sketch", str)
"""A plan that somebody is looking at, as ``core.rules.plans.Plan.packed`` writes it."""

LARGEST = 2**31 - 1
SIZE_LIMIT = 64
_INTEGER = re.compile(r"0|[1-9][0-9]{0,9}")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_SKETCH = re.compile(r"[pd][1-4][wm][1-5][0-5][01][0-9][01][0-9][sl]20[0-9]{6}")
_SKETCH_LENGTH = 18


class Locale(StrEnum):
    DE = "de"
    EN = "en"


class Choice(StrEnum):
    """When a round is to open."""

    NOW = "now"
    WORKDAY = "day"
    MONDAY = "mon"


class _Packed:
    """A frozen dataclass that packs to ``tag:field:field``; subclasses are known by their tag."""

    tag: ClassVar[str]
    separator: ClassVar[str]
    known: ClassVar[dict[str, type["_Packed"]]]

    def __init_subclass__(cls, *, tag: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not tag:
            cls.known = {}
            return
        if tag in cls.known:
            raise TypeError(f"the tag {tag!r} is taken by {cls.known[tag].__name__}")
        cls.tag = tag
        cls.known[tag] = cls

    def pack(self) -> str:
        parts = [self.tag]
        for field in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass; checked at import
            value = getattr(self, field.name)
            if isinstance(value, int) and not 0 <= value <= LARGEST:
                raise ValueError(f"{field.name} is out of range")
            parts.append(str(value))
        return self.separator.join(parts)

    @classmethod
    def unpack(cls, data: str) -> Self:
        """The value that ``data`` claims to be; raises STALE_BUTTON for anything that we would not have packed."""
        tag, *parts = data.split(cls.separator)
        kind = cls.known.get(tag)
        if kind is None:
            raise Refusal(Reason.STALE_BUTTON)
        hints = _field_types(kind)
        if len(hints) != len(parts):
            raise Refusal(Reason.STALE_BUTTON)
        values = {name: _read(hint, part) for (name, hint), part in zip(hints.items(), parts, strict=True)}
        return kind(**values)  # type: ignore[return-value]  # known holds subclasses of cls only


class Button(_Packed):
    separator = ":"


class DeepLink(_Packed):
    """The payload behind ``?start=``, of at most 64 letters, digits, "_" and "-"."""

    separator = "_"


@dataclass(frozen=True)
class OpenMenu(Button, tag="m"):
    municipality: int


@dataclass(frozen=True)
class ChooseMunicipality(Button, tag="mc"):
    pass


@dataclass(frozen=True)
class SwitchMunicipality(Button, tag="ms"):
    municipality: int


@dataclass(frozen=True)
class ChooseLanguage(Button, tag="lc"):
    pass


@dataclass(frozen=True)
class SetLanguage(Button, tag="ls"):
    locale: Locale


@dataclass(frozen=True)
class ShowPrivacy(Button, tag="pv"):
    pass


@dataclass(frozen=True)
class ShowPrivacyInFull(Button, tag="pf"):
    pass


@dataclass(frozen=True)
class ShowMyData(Button, tag="pd"):
    pass


@dataclass(frozen=True)
class AskLeave(Button, tag="la"):
    """Leads to the only municipality's question, or to a choice among several."""


@dataclass(frozen=True)
class AskLeaveHere(Button, tag="lh"):
    municipality: int


@dataclass(frozen=True)
class Leave(Button, tag="lx"):
    municipality: int


@dataclass(frozen=True)
class ShowAbsence(Button, tag="a"):
    pass


@dataclass(frozen=True)
class GoAway(Button, tag="ag"):
    """``day`` is the last day of the absence, as in 20261127."""

    day: int


@dataclass(frozen=True)
class AskAway(Button, tag="aq"):
    pass


@dataclass(frozen=True)
class ComeBack(Button, tag="ab"):
    pass


@dataclass(frozen=True)
class CancelForm(Button, tag="fx"):
    pass


@dataclass(frozen=True)
class Join(Button, tag="jc"):
    token: Token


@dataclass(frozen=True)
class CorrectName(Button, tag="jn"):
    token: Token


@dataclass(frozen=True)
class ShowInvitation(Button, tag="js"):
    token: Token


@dataclass(frozen=True)
class ReadNotice(Button, tag="jp"):
    """The full privacy notice, with the way back to the invitation."""

    token: Token


@dataclass(frozen=True)
class JoinAsNamed(Button, tag="jd"):
    """Join by the invitation and under the name that this person's draft holds."""


@dataclass(frozen=True)
class Panel(Button, tag="k"):
    municipality: int


@dataclass(frozen=True)
class AskTopic(Button, tag="kt"):
    municipality: int


@dataclass(frozen=True)
class ShowInvolvement(Button, tag="ki"):
    municipality: int
    which: Involvement


@dataclass(frozen=True)
class RecordInvolved(Button, tag="kj"):
    municipality: int
    which: Involvement


@dataclass(frozen=True)
class AskInvolvedOn(Button, tag="kd"):
    municipality: int
    which: Involvement


@dataclass(frozen=True)
class AskNotNeeded(Button, tag="kn"):
    municipality: int
    which: Involvement


@dataclass(frozen=True)
class ShowDepartments(Button, tag="d"):
    municipality: int
    page: int


@dataclass(frozen=True)
class AskDepartments(Button, tag="da"):
    municipality: int
    kind: DepartmentKind


@dataclass(frozen=True)
class ShowDepartment(Button, tag="do"):
    municipality: int
    department: int


@dataclass(frozen=True)
class RemoveDepartment(Button, tag="dx"):
    municipality: int
    department: int


@dataclass(frozen=True)
class AskInvite(Button, tag="pi"):
    """``department`` is 0 for people without one (coordinators, participants)."""

    municipality: int
    department: int
    role: Role


@dataclass(frozen=True)
class ShowPeople(Button, tag="p"):
    municipality: int
    page: int


@dataclass(frozen=True)
class ShowPerson(Button, tag="po"):
    municipality: int
    member: int


@dataclass(frozen=True)
class RenewLink(Button, tag="pl"):
    municipality: int
    member: int


@dataclass(frozen=True)
class AskRemovePerson(Button, tag="pq"):
    municipality: int
    member: int


@dataclass(frozen=True)
class RemovePerson(Button, tag="px"):
    municipality: int
    member: int


@dataclass(frozen=True)
class AskInviteMany(Button, tag="pn"):
    municipality: int


@dataclass(frozen=True)
class InviteMany(Button, tag="pm"):
    municipality: int


@dataclass(frozen=True)
class RevokeMany(Button, tag="pr"):
    municipality: int


@dataclass(frozen=True)
class ShowChannel(Button, tag="c"):
    municipality: int


@dataclass(frozen=True)
class ConfirmChannel(Button, tag="cc"):
    municipality: int
    channel: int


@dataclass(frozen=True)
class DeclineChannel(Button, tag="cd"):
    municipality: int
    channel: int


@dataclass(frozen=True)
class ShowRound(Button, tag="r"):
    municipality: int


@dataclass(frozen=True)
class PreviewRound(Button, tag="rv"):
    municipality: int
    choice: Choice


@dataclass(frozen=True)
class AskRoundDate(Button, tag="rd"):
    municipality: int


@dataclass(frozen=True)
class PlanRound(Button, tag="rp"):
    """``minute`` is when to open, in minutes since 1970 (UTC); 0 is now."""

    municipality: int
    minute: int
    form: Form


@dataclass(frozen=True)
class PreviewRoundAt(Button, tag="rw"):
    """The same, before it is planned."""

    municipality: int
    minute: int
    form: Form


@dataclass(frozen=True)
class ExtendRound(Button, tag="re"):
    municipality: int
    round: int


@dataclass(frozen=True)
class UnplanRound(Button, tag="rx"):
    municipality: int
    round: int


@dataclass(frozen=True)
class ShowPlan(Button, tag="q"):
    municipality: int


@dataclass(frozen=True)
class StartPulse(Button, tag="ps"):
    municipality: int
    round: int


@dataclass(frozen=True)
class ShowStatement(Button, tag="pt"):
    municipality: int
    round: int
    position: int


@dataclass(frozen=True)
class PulseAnswer(Button, tag="pa"):
    """``value`` 1 to 5, or 0 for "keine Angabe"."""

    municipality: int
    round: int
    position: int
    value: int


@dataclass(frozen=True)
class PulsePrivacy(Button, tag="pp"):
    municipality: int
    round: int


@dataclass(frozen=True)
class ShowOwnStatements(Button, tag="o"):
    municipality: int


@dataclass(frozen=True)
class ShowQuestionBank(Button, tag="ob"):
    municipality: int
    dimension: Dimension


@dataclass(frozen=True)
class ChooseDimension(Button, tag="oc"):
    """For a new own statement."""

    municipality: int


@dataclass(frozen=True)
class AskOwnStatement(Button, tag="oa"):
    municipality: int
    dimension: Dimension


@dataclass(frozen=True)
class ProposeStatement(Button, tag="op"):
    """Propose what this person's draft holds; ``mark`` tells whether it is what the preview showed."""

    municipality: int
    mark: int


@dataclass(frozen=True)
class ShowOwnStatement(Button, tag="oo"):
    municipality: int
    statement: int


@dataclass(frozen=True)
class ApproveStatement(Button, tag="oy"):
    municipality: int
    statement: int


@dataclass(frozen=True)
class DeclineStatement(Button, tag="on"):
    """Decline another coordinator's proposal, or withdraw one's own."""

    municipality: int
    statement: int


@dataclass(frozen=True)
class AskRetireStatement(Button, tag="oq"):
    municipality: int
    statement: int


@dataclass(frozen=True)
class RetireStatement(Button, tag="ox"):
    municipality: int
    statement: int


@dataclass(frozen=True)
class ShowResults(Button, tag="t"):
    """The result of the round with this number; 0 is the newest."""

    municipality: int
    number: int


@dataclass(frozen=True)
class ShowDetails(Button, tag="td"):
    """The single statements of the round with this number; 0 is the newest."""

    municipality: int
    number: int


@dataclass(frozen=True)
class ExplainResult(Button, tag="te"):
    """How to read results, with the way back to the round with this number; 0 is the newest."""

    municipality: int
    number: int


@dataclass(frozen=True)
class ShowDigestPlan(Button, tag="g"):
    municipality: int


@dataclass(frozen=True)
class EditPlan(Button, tag="ge"):
    municipality: int
    sketch: Sketch


@dataclass(frozen=True)
class ChoosePart(Button, tag="gc"):
    municipality: int
    part: Part
    sketch: Sketch


@dataclass(frozen=True)
class AskStart(Button, tag="ga"):
    municipality: int
    sketch: Sketch


@dataclass(frozen=True)
class SavePlan(Button, tag="gs"):
    municipality: int
    sketch: Sketch


@dataclass(frozen=True)
class PausePlan(Button, tag="gp"):
    municipality: int
    kind: PlanKind


@dataclass(frozen=True)
class ResumePlan(Button, tag="gr"):
    municipality: int
    kind: PlanKind


@dataclass(frozen=True)
class SkipDate(Button, tag="gk"):
    """``day`` is the date by the rule, as in 20261130."""

    municipality: int
    day: int


@dataclass(frozen=True)
class UndoSkip(Button, tag="gu"):
    """``day`` is the date by the rule, as in 20261130."""

    municipality: int
    day: int


@dataclass(frozen=True)
class AskDiscardPlan(Button, tag="gq"):
    municipality: int
    kind: PlanKind


@dataclass(frozen=True)
class DiscardPlan(Button, tag="gx"):
    municipality: int
    kind: PlanKind


@dataclass(frozen=True)
class ShowSettings(Button, tag="h"):
    municipality: int


@dataclass(frozen=True)
class ShowPeriods(Button, tag="hp"):
    municipality: int
    kind: PeriodKind


@dataclass(frozen=True)
class AskPeriod(Button, tag="ha"):
    municipality: int
    kind: PeriodKind


@dataclass(frozen=True)
class RemovePeriod(Button, tag="hx"):
    municipality: int
    period: int


@dataclass(frozen=True)
class RestorePeriod(Button, tag="hr"):
    """``first`` and ``last`` are days, as in 20261224."""

    municipality: int
    kind: PeriodKind
    first: int
    last: int


@dataclass(frozen=True)
class ShowLands(Button, tag="hl"):
    municipality: int


@dataclass(frozen=True)
class SetLand(Button, tag="hb"):
    municipality: int
    land: Land


@dataclass(frozen=True)
class ShowMinimum(Button, tag="hm"):
    municipality: int


@dataclass(frozen=True)
class SetMinimum(Button, tag="hn"):
    municipality: int
    minimum: int


@dataclass(frozen=True)
class ShowChannelLanguage(Button, tag="hc"):
    municipality: int


@dataclass(frozen=True)
class SetChannelLanguage(Button, tag="hd"):
    municipality: int
    locale: Locale


@dataclass(frozen=True)
class JoinLink(DeepLink, tag="i"):
    token: Token


@dataclass(frozen=True)
class MenuLink(DeepLink, tag="m"):
    municipality: int


@dataclass(frozen=True)
class ResultsLink(DeepLink, tag="t"):
    """The result of the round with this number; 0 is the newest."""

    municipality: int
    number: int


@dataclass(frozen=True)
class ReadingLink(DeepLink, tag="te"):
    """How to read results."""

    municipality: int


def packed_day(day: date) -> int:
    """A day as buttons carry it: YYYYMMDD."""
    return day.year * 10_000 + day.month * 100 + day.day


def unpacked_day(number: int) -> date:
    """Raises STALE_BUTTON for what is no day."""
    year, rest = divmod(number, 10_000)
    try:
        return date(year, *divmod(rest, 100))
    except ValueError:
        raise Refusal(Reason.STALE_BUTTON) from None


_FIELD_TYPES: dict[type[_Packed], dict[str, Any]] = {}


def _field_types(kind: type[_Packed]) -> dict[str, Any]:
    if kind not in _FIELD_TYPES:
        hints = get_type_hints(kind)
        _FIELD_TYPES[kind] = {field.name: hints[field.name] for field in fields(kind)}  # type: ignore[arg-type]
    return _FIELD_TYPES[kind]


def _read(hint: Any, part: str) -> object:
    if hint is int and _INTEGER.fullmatch(part) and int(part) <= LARGEST:
        return int(part)
    if hint is Token and _TOKEN.fullmatch(part):
        return Token(part)
    if hint is Sketch and _SKETCH.fullmatch(part):
        return Sketch(part)
    if isinstance(hint, type) and issubclass(hint, StrEnum) and part in list(hint):
        return hint(part)
    raise Refusal(Reason.STALE_BUTTON)


def _longest(hint: Any) -> int:
    if hint is int:
        return len(str(LARGEST))
    if hint is Token:
        return 32
    if hint is Sketch:
        return _SKETCH_LENGTH
    return max(map(len, hint))


def _check_sizes() -> None:
    for kind in (*Button.known.values(), *DeepLink.known.values()):
        size = len(kind.tag) + sum(1 + _longest(hint) for hint in _field_types(kind).values())
        if size > SIZE_LIMIT:
            raise TypeError(f"{kind.__name__} may pack to {size} bytes")


_check_sizes()
