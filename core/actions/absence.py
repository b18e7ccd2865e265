"""Being away: no reminders until a day that the person names. Nobody asks why, and it is forgotten on return."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.rules.people import HOME_ZONE, Account
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import FURTHEST
from core.tables import AccountRow, MunicipalityRow


def set_away(db: Session, account: Account, until: date, today: date) -> None:
    """Away up to and including ``until``. Raises DATE_IN_THE_PAST or DATE_TOO_FAR."""
    if until < today:
        raise Refusal(Reason.DATE_IN_THE_PAST)
    if until - today > FURTHEST:
        raise Refusal(Reason.DATE_TOO_FAR)
    row = db.get_one(AccountRow, account.id, populate_existing=True)
    # Whoever names another day while away has been away all along.
    if row.away_from is None or row.away_until is None or row.away_until < today:
        row.away_from = today
    row.away_until = until
    db.flush()


def come_back(db: Session, account: Account) -> None:
    db.execute(update(AccountRow).where(AccountRow.id == account.id).values(away_from=None, away_until=None))


def forget_past(db: Session, now: datetime) -> None:
    """Forget absences whose last day is over where the person is."""
    zones = {HOME_ZONE, *db.scalars(select(MunicipalityRow.zone).distinct())}
    here = select(MunicipalityRow.zone).where(MunicipalityRow.id == AccountRow.municipality_id).scalar_subquery()
    for zone in sorted(zones):
        today = now.astimezone(ZoneInfo(zone)).date()
        db.execute(
            update(AccountRow)
            .where(AccountRow.away_until < today, func.coalesce(here, HOME_ZONE) == zone)
            .values(away_from=None, away_until=None)
            .execution_options(synchronize_session=False)
        )
