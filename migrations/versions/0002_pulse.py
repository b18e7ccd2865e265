"""The pulse in full: plans, days off, absences, own statements, single items."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEVER_REUSED = {"sqlite_autoincrement": True}
PARTIAL_INDEXES = (
    ("ix_round_living", "round", "opens_at", "settled_at IS NULL"),
    ("ix_invitee_untold", "invitee", "round_id", "told_at IS NULL"),
    ("ix_invitee_unended", "invitee", "round_id", "ended_at IS NULL"),
)


def _round_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("form", sa.String(length=8), nullable=False, server_default="short"),
        sa.Column("days", sa.SmallInteger(), nullable=False, server_default="5"),
        sa.Column("occurrence", sa.Date(), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
    )


def upgrade() -> None:
    op.create_table(
        "period",
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("first <= last", name=op.f("ck_period_order")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_period_municipality_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_period_municipality_id"), "period", ["municipality_id"])
    op.create_table(
        "plan",
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("minute", sa.SmallInteger(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Date(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_plan_municipality_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("municipality_id", "kind", name=op.f("uq_plan_municipality_id_kind")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_plan_next_at"), "plan", ["next_at"])
    op.create_table(
        "own_statement",
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(length=8), nullable=False),
        sa.Column("de", sa.String(length=300), nullable=False),
        sa.Column("en", sa.String(length=300), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced", sa.Integer(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_own_statement_municipality_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["account.id"], name=op.f("fk_own_statement_proposed_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_statement")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_own_statement_municipality_id"), "own_statement", ["municipality_id"])
    op.create_index(op.f("ix_own_statement_proposed_by"), "own_statement", ["proposed_by"])
    op.add_column("municipality", sa.Column("land", sa.String(length=2), nullable=False, server_default=""))
    op.add_column("account", sa.Column("away_from", sa.Date(), nullable=True))
    op.add_column("account", sa.Column("away_until", sa.Date(), nullable=True))
    for column in _round_columns():
        op.add_column("round", column)
    # A round that is open now gets its daily look, and with it its count and its extension; not its reminders.
    op.execute(
        "UPDATE round SET look_at = opened_at "
        "WHERE opened_at IS NOT NULL AND closing_at IS NULL AND cancelled_at IS NULL"
    )
    op.create_index("uq_round_occurrence", "round", ["municipality_id", "occurrence"], unique=True)
    for name in ("ix_round_opens_at", "ix_round_closes_at"):
        op.drop_index(op.f(name), "round")
    for name, table_name, column, condition in PARTIAL_INDEXES:
        where = sa.text(condition)
        op.create_index(name, table_name, [column], sqlite_where=where, postgresql_where=where)
    op.drop_index(op.f("ix_outbox_round_id"), "outbox")
    op.create_index("ix_outbox_round_account", "outbox", ["round_id", "account_id"])
    with op.batch_alter_table("figure", table_kwargs=NEVER_REUSED) as table:
        table.drop_constraint(op.f("uq_figure_round_id_dimension"), type_="unique")
        table.add_column(sa.Column("kind", sa.String(length=10), nullable=False, server_default="dimension"))
        table.alter_column(
            "dimension", new_column_name="subject", existing_type=sa.String(length=8), type_=sa.String(length=40)
        )
    with op.batch_alter_table("figure", table_kwargs=NEVER_REUSED) as table:
        table.create_unique_constraint(op.f("uq_figure_round_id_kind_subject"), ["round_id", "kind", "subject"])


def downgrade() -> None:
    op.execute("DELETE FROM figure WHERE kind <> 'dimension'")
    op.execute("DELETE FROM outbox WHERE kind = 'reminder'")
    with op.batch_alter_table("figure", table_kwargs=NEVER_REUSED) as table:
        table.drop_constraint(op.f("uq_figure_round_id_kind_subject"), type_="unique")
        table.drop_column("kind")
        table.alter_column(
            "subject", new_column_name="dimension", existing_type=sa.String(length=40), type_=sa.String(length=8)
        )
    with op.batch_alter_table("figure", table_kwargs=NEVER_REUSED) as table:
        table.create_unique_constraint(op.f("uq_figure_round_id_dimension"), ["round_id", "dimension"])
    op.drop_index("ix_outbox_round_account", "outbox")
    op.create_index(op.f("ix_outbox_round_id"), "outbox", ["round_id"])
    op.drop_index("uq_round_occurrence", "round")
    for name, table_name, _, _ in PARTIAL_INDEXES:
        op.drop_index(name, table_name)
    op.create_index(op.f("ix_round_opens_at"), "round", ["opens_at"])
    op.create_index(op.f("ix_round_closes_at"), "round", ["closes_at"])
    for column in _round_columns():
        op.drop_column("round", column.name)
    op.drop_column("account", "away_until")
    op.drop_column("account", "away_from")
    op.drop_column("municipality", "land")
    for table_name in ("own_statement", "plan", "period"):
        op.drop_table(table_name)
