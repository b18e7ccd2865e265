"""Look up published results."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from core.rules.pulse import Dimension, ItemRole, Statement
from core.rules.trends import TREND_OVER, Code, Figure, Participation, Published, Result
from core.tables import FigureRow, RoundRow, StatementRow

SERIES = 12
HISTORY = TREND_OVER + 1
"""Values that a trend word rests on: it asks what the word was one round ago."""
LOOK_BACK = 60
"""Rounds in which they are looked for: where so many show hardly a value, none becomes a trend."""
SUBJECTS = {**{dimension.value: "dimension" for dimension in Dimension}, "motivation": "item", "trust": "item"}
"""What carries trend words, and of which kind its figures are."""

# Back along the index of (municipality, number), with one look into that of (round, kind, subject) for each round, and
# no further than the last value wanted: a long history costs no more than a short one.
_PUBLISHED = (
    select(RoundRow.id, RoundRow.closes_at, FigureRow.value, FigureRow.code, FigureRow.n)
    .join(FigureRow, FigureRow.round_id == RoundRow.id)
    .where(
        RoundRow.municipality_id == bindparam("municipality_id"),
        RoundRow.number.between(bindparam("first"), bindparam("last")),
        RoundRow.closed_at.is_not(None),
        FigureRow.kind == bindparam("kind"),
        FigureRow.subject == bindparam("subject"),
    )
    .order_by(RoundRow.number.desc())
    .limit(HISTORY)
)


def results(db: Session, municipality_id: int, up_to: int | None = None, limit: int = SERIES) -> tuple[Result, ...]:
    """The last closed rounds, oldest first; ``up_to`` is the number of the last one wanted."""
    query = select(RoundRow).where(RoundRow.municipality_id == municipality_id, RoundRow.closed_at.is_not(None))
    if up_to is not None:
        query = query.where(RoundRow.number <= up_to)
    rounds = db.scalars(query.order_by(RoundRow.number.desc()).limit(limit)).all()
    ids = [row.id for row in rounds]
    figures, statements = _figures(db, ids), _statements(db, ids)
    return tuple(_result(row, figures[row.id], statements[row.id]) for row in reversed(rounds))


def history(db: Session, municipality_id: int, up_to: int | None = None) -> dict[str, tuple[Published, ...]]:
    """The last published values of what carries trend words, by dimension or key of the statement, oldest first."""
    if up_to is None:
        up_to = db.scalar(select(func.max(RoundRow.number)).where(RoundRow.municipality_id == municipality_id)) or 0
    place = {"municipality_id": municipality_id, "first": up_to - LOOK_BACK + 1, "last": up_to}
    found = {
        subject: db.execute(_PUBLISHED, place | {"kind": kind, "subject": subject}).all()
        for subject, kind in SUBJECTS.items()
    }
    statements = _statements(db, {round_id for rows in found.values() for round_id, *_ in rows})
    return {
        subject: tuple(
            Published(closes_at.date(), Figure(value, Code(code), n), _wording(statements[round_id], subject))
            for round_id, closes_at, value, code, n in reversed(rows)
        )
        for subject, rows in found.items()
    }


def newest(db: Session, municipality_id: int, up_to: int | None = None) -> int | None:
    """The number of the last round whose result is out, and not after ``up_to``: its answers are destroyed."""
    query = select(func.max(RoundRow.number)).where(*_is_out(municipality_id))
    return db.scalar(query if up_to is None else query.where(RoundRow.number <= up_to))


def following(db: Session, municipality_id: int, number: int) -> int | None:
    """The number of the next round after ``number`` whose result is out."""
    return db.scalar(select(func.min(RoundRow.number)).where(*_is_out(municipality_id), RoundRow.number > number))


def _is_out(municipality_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        RoundRow.municipality_id == municipality_id,
        RoundRow.closed_at.is_not(None),
        RoundRow.destroyed_at.is_not(None),
    )


def _figures(db: Session, rounds: Collection[int]) -> Mapping[int, Mapping[str, dict[str, Figure]]]:
    """Round → kind → subject → figure."""
    found: dict[int, dict[str, dict[str, Figure]]] = defaultdict(lambda: defaultdict(dict))
    for row in db.scalars(select(FigureRow).where(FigureRow.round_id.in_(rounds))):
        found[row.round_id][row.kind][row.subject] = Figure(row.value, Code(row.code), row.n)
    return found


def _statements(db: Session, rounds: Collection[int]) -> Mapping[int, Sequence[Statement]]:
    """Round → its statements, as it asked them and in their order."""
    found: dict[int, list[Statement]] = defaultdict(list)
    query = select(StatementRow).where(StatementRow.round_id.in_(rounds))
    for row in db.scalars(query.order_by(StatementRow.round_id, StatementRow.position)):
        statement = Statement(row.key, Dimension(row.dimension), ItemRole(row.role), row.de, row.en)
        found[row.round_id].append(statement)
    return found


def _wording(statements: Sequence[Statement], subject: str) -> tuple[str, ...]:
    """Of what the value rests on: a dimension's two lasting statements, or the one statement itself."""
    if SUBJECTS[subject] == "item":
        return tuple(s.de for s in statements if s.key == subject)
    return tuple(s.de for s in statements if s.dimension == subject and s.role is not ItemRole.ROTATING)


def _result(row: RoundRow, figures: Mapping[str, dict[str, Figure]], statements: Sequence[Statement]) -> Result:
    took_part = None
    if row.took_part is not None and row.base is not None:
        took_part = Participation(row.took_part, row.base)
    return Result(
        round_id=row.id,
        number=row.number,
        closed_on=row.closes_at.date(),
        participation=took_part,
        minimum=row.minimum,
        invited=row.invited,
        figures={Dimension(subject): figure for subject, figure in figures["dimension"].items()},
        items=figures["item"],
        shares=figures["share"],
        statements=tuple(statements),
    )
