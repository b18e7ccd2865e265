"""The whole schema on one page. No table links a person with an answer, or knows who has answered."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; naive datetimes are refused on the way in and never come out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NEVER_REUSED = {"sqlite_autoincrement": True}
"""Buttons in old messages name rows: the id of a deleted one must not come back as another's."""


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, date: Date, dict[str, Any]: JSON}  # noqa: RUF012  (SQLAlchemy reads it from the class)

    id: Mapped[int] = mapped_column(primary_key=True)

    __table_args__: Any = NEVER_REUSED


class MunicipalityRow(Table):
    __tablename__ = "municipality"

    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(240), unique=True)
    locale: Mapped[str] = mapped_column(String(8), default="de")
    zone: Mapped[str] = mapped_column(String(40), default="Europe/Berlin")
    topic: Mapped[str] = mapped_column(String(200), default="")
    council: Mapped[str] = mapped_column(String(200), default="")
    """How the staff council is involved, in the coordinator's words; empty until recorded."""
    protection: Mapped[str] = mapped_column(String(200), default="")
    minimum: Mapped[int] = mapped_column(SmallInteger, default=5)
    land: Mapped[str] = mapped_column(String(2), default="", server_default="")
    """The Land whose public holidays count, e.g. "BB"; empty: only the nationwide ones."""
    created_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("minimum >= 5", name="minimum"), NEVER_REUSED)


class AccountRow(Table):
    """A Telegram account. It stays only while it has a member."""

    __tablename__ = "account"

    telegram_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    locale: Mapped[str] = mapped_column(String(8))
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipality.id", ondelete="SET NULL"))
    blocked_at: Mapped[datetime | None]
    away_from: Mapped[date | None]
    away_until: Mapped[date | None]
    """The last day of an absence; both are forgotten on return."""


class PeriodRow(Table):
    """Days on which a municipality does not work (closing), or on which no round opens (pause); both ends included."""

    __tablename__ = "period"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    first: Mapped[date]
    last: Mapped[date]

    __table_args__ = (CheckConstraint("first <= last", name="order"), NEVER_REUSED)


class PlanRow(Table):
    """When rounds open, or when the digest is posted: an RFC 5545 rule and a local time of day."""

    __tablename__ = "plan"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    rule: Mapped[str] = mapped_column(String(80))
    start: Mapped[date]
    minute: Mapped[int] = mapped_column(SmallInteger)
    """Minutes after local midnight."""
    days: Mapped[int] = mapped_column(SmallInteger)
    """For how many working days a round is open; 0 for the digest."""
    form: Mapped[str] = mapped_column(String(8))
    done: Mapped[date]
    """The last date by the rule that was used or skipped."""
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the digest is due next; a pulse's next date is its planned round."""
    paused_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("municipality_id", "kind"), NEVER_REUSED)


class DepartmentRow(Table):
    __tablename__ = "department"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(240))
    kind: Mapped[str] = mapped_column(String(12))

    __table_args__ = (UniqueConstraint("municipality_id", "name_key"), NEVER_REUSED)


class MemberRow(Table):
    """A person in one role. Without an account the person is invited, not yet connected."""

    __tablename__ = "member"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    rank: Mapped[int] = mapped_column(SmallInteger, default=0)
    """1, 2, … for deputies, otherwise 0."""
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("uq_member_seat", "department_id", unique=True, sqlite_where=text("role = 'representative'"),
              postgresql_where=text("role = 'representative'")),
        Index("uq_member_deputy", "department_id", "rank", unique=True, sqlite_where=text("role = 'deputy'"),
              postgresql_where=text("role = 'deputy'")),
        Index("ix_member_municipality_role", "municipality_id", "role"),
        NEVER_REUSED,
    )  # fmt: skip


class InvitationRow(Table):
    """A deep link. Only the hash of its token is kept."""

    __tablename__ = "invitation"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    """The invited person; empty for a link for many and for a founding link, where the person says the name."""
    role: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    capacity: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("uses <= capacity", name="capacity"), NEVER_REUSED)


class ChannelRow(Table):
    """A chat to which a coordinator has added the bot; the confirmed one is the coordination channel."""

    __tablename__ = "channel"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(255))
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("municipality_id", "chat_id"),
        Index("uq_channel_confirmed_chat", "chat_id", unique=True, sqlite_where=text("confirmed_at IS NOT NULL"),
              postgresql_where=text("confirmed_at IS NOT NULL")),
        Index("uq_channel_confirmed_municipality", "municipality_id", unique=True,
              sqlite_where=text("confirmed_at IS NOT NULL"), postgresql_where=text("confirmed_at IS NOT NULL")),
        NEVER_REUSED,
    )  # fmt: skip


class RoundRow(Table):
    """``…_at`` in the past tense is a fact; ``opens_at`` and ``closes_at`` are the plan."""

    __tablename__ = "round"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    number: Mapped[int]
    topic: Mapped[str] = mapped_column(String(200))
    minimum: Mapped[int] = mapped_column(SmallInteger)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closing_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    invited: Mapped[int] = mapped_column(default=0)
    took_part: Mapped[int | None]
    base: Mapped[int | None]
    form: Mapped[str] = mapped_column(String(8), server_default="short")
    days: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    occurrence: Mapped[date | None]
    """The date by the plan's rule; none for a round that a person dated."""
    remind_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    look_at: Mapped[datetime | None]
    """When the coordinators' count of answers is renewed next."""
    answered: Mapped[int | None]
    """How many had taken part at the last look; none below three."""
    extended_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    """When nothing was left to do: beats look at no round after that, however many there have been."""

    __table_args__ = (
        UniqueConstraint("municipality_id", "number"),
        Index("uq_round_occurrence", "municipality_id", "occurrence", unique=True),
        Index("ix_round_living", "opens_at", sqlite_where=text("settled_at IS NULL"),
              postgresql_where=text("settled_at IS NULL")),
        Index("uq_round_running", "municipality_id", unique=True,
              sqlite_where=text("closed_at IS NULL AND cancelled_at IS NULL"),
              postgresql_where=text("closed_at IS NULL AND cancelled_at IS NULL")),
        NEVER_REUSED,
    )  # fmt: skip


class StatementRow(Table):
    """A statement as this round asked it: a later change of the bank does not touch it."""

    __tablename__ = "statement"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str] = mapped_column(String(40))
    dimension: Mapped[str] = mapped_column(String(8))
    role: Mapped[str] = mapped_column(String(12))
    de: Mapped[str] = mapped_column(String(300))
    en: Mapped[str] = mapped_column(String(300))

    __table_args__ = (UniqueConstraint("round_id", "position"), NEVER_REUSED)


class OwnStatementRow(Table):
    """A municipality's own rotating statement: proposed, approved by another coordinator, announced, retired."""

    __tablename__ = "own_statement"

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"), index=True)
    dimension: Mapped[str] = mapped_column(String(8))
    de: Mapped[str] = mapped_column(String(300))
    en: Mapped[str] = mapped_column(String(300))
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    approved_at: Mapped[datetime | None]
    announced: Mapped[int | None]
    """The number of the round whose invitation announced it; it may be asked from the next one on."""
    retired_at: Mapped[datetime | None]


class InviteeRow(Table):
    """Who was asked in a round, frozen at its opening; never whether they answered."""

    __tablename__ = "invitee"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    told_at: Mapped[datetime | None]
    """When the invitation was put into the outbox."""
    ended_at: Mapped[datetime | None]
    """When the result was put into the outbox."""

    __table_args__ = (
        UniqueConstraint("round_id", "account_id"),
        Index("ix_invitee_untold", "round_id", sqlite_where=text("told_at IS NULL"),
              postgresql_where=text("told_at IS NULL")),
        Index("ix_invitee_unended", "round_id", sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
        NEVER_REUSED,
    )  # fmt: skip


class FigureRow(Table):
    """A published number (RULES 4): rounded and coded; nothing finer exists anywhere."""

    __tablename__ = "figure"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10), server_default="dimension")
    """dimension, item (its mean) or share (of agreement)."""
    subject: Mapped[str] = mapped_column(String(40))
    """The dimension's name or the statement's key."""
    value: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str] = mapped_column(String(1))
    n: Mapped[int]

    __table_args__ = (UniqueConstraint("round_id", "kind", "subject"), NEVER_REUSED)


class DraftRow(Table):
    """A form that somebody is filling in; never an answer or a ballot."""

    __tablename__ = "draft"

    telegram_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    form: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class OutboxState(StrEnum):
    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    DROPPED = "dropped"


class OutboxRow(Table):
    """A message on its way out, written in the same transaction as the deed that it tells of."""

    __tablename__ = "outbox"

    key: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    chat_id: Mapped[int] = mapped_column(BigInteger, index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    edits_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"), index=True)
    screen: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12))
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    failure: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        Index("ix_outbox_due", "state", "due_at"),
        # By round alone, the invitation of each of its people would be looked for among those of all.
        Index("ix_outbox_round_account", "round_id", "account_id"),
        NEVER_REUSED,
    )


class UpdateTryRow(Table):
    """An update that was in hand when the program may have died; never what it said or whose it was."""

    __tablename__ = "update_try"

    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    tries: Mapped[int] = mapped_column(SmallInteger)
