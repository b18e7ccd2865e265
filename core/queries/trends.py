"""Look up published results."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.rules.pulse import Dimension
from core.rules.trends import Code, Figure, Participation, Result
from core.tables import FigureRow, RoundRow

SERIES = 12


def results(db: Session, municipality_id: int, up_to: int | None = None, limit: int = SERIES) -> tuple[Result, ...]:
    """The last closed rounds, oldest first; ``up_to`` is the number of the last one wanted."""
    query = select(RoundRow).where(RoundRow.municipality_id == municipality_id, RoundRow.closed_at.is_not(None))
    if up_to is not None:
        query = query.where(RoundRow.number <= up_to)
    rounds = db.scalars(query.order_by(RoundRow.number.desc()).limit(limit)).all()
    figures: dict[int, dict[Dimension, Figure]] = {row.id: {} for row in rounds}
    for figure in db.scalars(select(FigureRow).where(FigureRow.round_id.in_(figures))):
        figures[figure.round_id][Dimension(figure.dimension)] = Figure(figure.value, Code(figure.code), figure.n)
    return tuple(_result(row, figures[row.id]) for row in reversed(rounds))


def _result(row: RoundRow, figures: dict[Dimension, Figure]) -> Result:
    took_part = None
    if row.took_part is not None and row.base is not None:
        took_part = Participation(row.took_part, row.base)
    return Result(
        round_id=row.id,
        number=row.number,
        closed_on=row.closes_at.date(),
        participation=took_part,
        minimum=row.minimum,
        figures=figures,
    )
