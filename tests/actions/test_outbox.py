from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from core.actions import outbox
from core.actions.outbox import FIRST_PAUSE, KEPT_FOR, LONGEST_PAUSE, Kind, Parcel
from core.db import Database, Session
from core.queries import outbox as queries
from core.tables import OutboxRow, OutboxState, RoundRow
from tests.actions.town import MICROSECOND, Town, together

ANNA, BODO, CHANNEL = 5_001, 5_002, -100_001
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class Post:
    """The outbox of one database, in transactions of its own."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        self.now = now

    def post(self, key: str, chat_id: int = ANNA, kind: Kind = Kind.NOTICE, **more: Any) -> int:
        with self.database.begin() as db:
            outbox.post(db, key, kind, chat_id, {"text": key}, more.pop("at", self.now), **more)
        return self.row(key).id

    def claim(self, at: datetime | None = None) -> Parcel | None:
        with self.database.begin() as db:
            return outbox.claim(db, at or self.now)

    def take(self, at: datetime | None = None) -> Parcel:
        parcel = self.claim(at)
        assert parcel is not None
        return parcel

    def do(self, deed: Callable[..., Any], parcel: Parcel, *args: Any, **kwargs: Any) -> None:
        with self.database.begin() as db:
            deed(db, parcel, *args, **kwargs)

    def sent(self, parcel: Parcel, message_id: int = 1, at: datetime | None = None) -> None:
        self.do(outbox.record_sent, parcel, message_id, at or self.now)

    def row(self, key: str) -> OutboxRow:
        with self.database.begin() as db:
            return db.scalars(select(OutboxRow).where(OutboxRow.key == key)).one()

    def state(self, key: str) -> str:
        return self.row(key).state

    def expire(self, at: datetime) -> None:
        with self.database.begin() as db:
            outbox.expire(db, at)

    def recover(self, at: datetime | None = None) -> int:
        with self.database.begin() as db:
            return outbox.recover(db, at or self.now)

    def keys(self) -> list[str]:
        with self.database.begin() as db:
            return list(db.scalars(select(OutboxRow.key).order_by(OutboxRow.id)))

    def send_everything(self, at: datetime | None = None) -> list[str]:
        """The texts in the order in which they went out."""
        out = []
        while parcel := self.claim(at):
            out.append(parcel.screen["text"])
            self.sent(parcel, len(out), at)
        return out


@pytest.fixture
def post(database: Database, now: datetime) -> Post:
    return Post(database, now)


# Once


def test_a_message_is_posted_once_per_key(post: Post) -> None:
    first = post.post("round:1:summary", CHANNEL)
    assert post.post("round:1:summary", BODO) == first
    assert (post.row("round:1:summary").chat_id, len(post.keys())) == (CHANNEL, 1)
    post.sent(post.take())
    # Also after it has gone out.
    post.post("round:1:summary", CHANNEL)
    assert post.claim() is None


def test_a_deed_that_fails_posts_nothing(post: Post) -> None:
    def fail(db: Session) -> None:
        outbox.post(db, "key", Kind.NOTICE, ANNA, {}, post.now)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), post.database.begin() as db:
        fail(db)
    assert post.keys() == []


def test_a_claimed_message_is_what_was_posted(post: Post) -> None:
    posted = post.post("key", CHANNEL, Kind.SUMMARY)
    week = timedelta(days=7)
    assert post.take() == Parcel(posted, Kind.SUMMARY, None, CHANNEL, None, {"text": "key"}, 1, post.now + week)
    row = post.row("key")
    assert (row.state, row.claimed_at, row.tries) == (OutboxState.IN_FLIGHT, post.now, 1)
    assert post.claim() is None


def test_what_is_recorded_is_kept_for_edits(post: Post) -> None:
    post.post("key")
    post.sent(post.take(), 4_711, post.now + SECOND)
    row = post.row("key")
    # To the hour: the exact moment would tell that the reader was busy with the bot just then.
    assert (row.state, row.message_id, row.ended_at) == (OutboxState.SENT, 4_711, post.now)


def test_what_is_refused_for_good_is_not_tried_again(post: Post) -> None:
    post.post("key")
    post.do(outbox.record_failed, post.take(), "x" * 300, post.now)
    row = post.row("key")
    assert (row.state, row.failure, row.message_id) == (OutboxState.FAILED, "x" * 80, None)
    assert post.claim(post.now + KEPT_FOR) is None
    with post.database.begin() as db:
        assert queries.failed(db) == {"x" * 80: 1}


# Order


def test_a_chats_messages_keep_their_order(post: Post) -> None:
    for number in range(4):
        post.post(f"a{number}", ANNA)
        post.post(f"b{number}", BODO)
    out = post.send_everything()
    assert [key for key in out if key.startswith("a")] == ["a0", "a1", "a2", "a3"]
    assert [key for key in out if key.startswith("b")] == ["b0", "b1", "b2", "b3"]


def test_two_of_one_chat_are_never_in_the_air(post: Post) -> None:
    for key, chat_id in (("a0", ANNA), ("a1", ANNA), ("b0", BODO)):
        post.post(key, chat_id)
    first, second = post.take(), post.take()
    assert {first.chat_id, second.chat_id} == {ANNA, BODO}
    assert post.claim() is None
    post.sent(first)
    assert post.take().screen["text"] == "a1"


def test_not_even_when_the_one_in_the_air_has_become_too_old(post: Post) -> None:
    """An invitation that is on its way at the closing time, and the end of the round behind it."""
    post.post("invitation", lives=HOUR)
    invitation = post.take(post.now + HOUR - SECOND)
    post.post("result", at=post.now + HOUR)
    assert post.claim(post.now + HOUR) is None
    post.sent(invitation)
    assert post.take(post.now + HOUR).screen["text"] == "result"


def test_a_message_that_has_to_wait_is_not_overtaken_in_its_chat(post: Post) -> None:
    for key, chat_id in (("a0", ANNA), ("a1", ANNA), ("b0", BODO)):
        post.post(key, chat_id)
    post.do(outbox.postpone, post.take(), post.now, 30.0)
    assert post.take().screen["text"] == "b0"
    assert post.claim(post.now + 29 * SECOND) is None
    assert post.send_everything(post.now + 30 * SECOND) == ["a0", "a1"]


def test_the_order_holds_when_both_have_become_due_meanwhile(post: Post) -> None:
    post.post("a0")
    post.do(outbox.postpone, post.take(), post.now, 30.0)
    post.post("a1", at=post.now + SECOND)
    assert post.send_everything(post.now + HOUR) == ["a0", "a1"]


def test_one_that_waits_for_ever_does_not_hold_up_its_chat_for_ever(post: Post) -> None:
    post.post("a0", lives=HOUR)
    post.do(outbox.postpone, post.take(), post.now, 7_200.0)
    post.post("a1")
    assert post.claim(post.now + HOUR - MICROSECOND) is None
    assert post.send_everything(post.now + HOUR) == ["a1"]


def test_a_message_for_later_waits_and_holds_up_nobody(post: Post) -> None:
    post.post("later", at=post.now + HOUR)
    post.post("now")
    assert post.send_everything() == ["now"]
    assert post.claim(post.now + HOUR - MICROSECOND) is None
    assert post.send_everything(post.now + HOUR) == ["later"]


# Too late, and later


def test_what_is_too_late_is_dropped_and_never_sent(post: Post) -> None:
    post.post("key", lives=HOUR)
    assert post.claim(post.now + HOUR) is None
    post.expire(post.now + HOUR - MICROSECOND)
    assert post.state("key") == OutboxState.WAITING
    post.expire(post.now + HOUR)
    assert post.state("key") == OutboxState.DROPPED
    assert post.claim() is None


def test_what_is_in_the_air_is_not_dropped(post: Post) -> None:
    post.post("key", lives=HOUR)
    parcel = post.take()
    post.expire(post.now + 2 * HOUR)
    assert post.state("key") == OutboxState.IN_FLIGHT
    post.sent(parcel)
    assert post.state("key") == OutboxState.SENT


def test_the_pause_doubles_with_each_try_up_to_ten_minutes(post: Post) -> None:
    post.post("key")
    at, pauses = post.now, []
    for _ in range(14):
        post.do(outbox.postpone, post.take(at), at)
        due_at = post.row("key").due_at
        assert post.claim(due_at - MICROSECOND) is None
        pauses.append(due_at - at)
        at = due_at
    assert pauses[0] == 2 * FIRST_PAUSE
    assert all(b == min(2 * a, LONGEST_PAUSE) for a, b in pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE
    assert post.row("key").tries == 14


def test_telegrams_own_pause_is_kept_to_the_fraction(post: Post) -> None:
    post.post("key")
    post.do(outbox.postpone, post.take(), post.now, 3.5)
    assert post.claim(post.now + 3.5 * SECOND - MICROSECOND) is None
    assert post.take(post.now + 3.5 * SECOND).tries == 2


# After a crash


@pytest.mark.parametrize("kind", list(Kind))
def test_what_was_in_the_air_at_a_crash_is_in_doubt_unless_it_may_be_repeated(post: Post, kind: Kind) -> None:
    target = post.post("target")
    post.sent(post.take(), 17)
    post.post("in the air", kind=kind, edits_id=target if kind is Kind.EDIT else None)
    post.post("waiting", BODO)
    post.take()
    in_doubt = post.recover(post.now + SECOND)
    again: list[Parcel] = []
    assert post.state("target") == OutboxState.SENT
    assert post.state("waiting") == OutboxState.WAITING
    if kind in outbox.REPEATABLE:
        assert in_doubt == 0
        assert post.state("in the air") == OutboxState.WAITING
        again = [post.take(post.now + SECOND), post.take(post.now + SECOND)]
        assert {(p.kind, p.message_id, p.tries) for p in again} == {
            (kind, 17 if kind is Kind.EDIT else None, 2), (Kind.NOTICE, None, 1)
        }  # fmt: skip
    else:
        assert in_doubt == 1
        row = post.row("in the air")
        assert (row.state, row.ended_at) == (OutboxState.IN_DOUBT, post.now + SECOND)
        with post.database.begin() as db:
            assert queries.in_doubt(db) == {kind.value: 1}
        assert post.send_everything(post.now + SECOND) == ["waiting"]
    # A second start finds nothing new.
    for parcel in again:
        post.sent(parcel)
    assert post.recover(post.now + 2 * SECOND) == 0


@pytest.mark.parametrize("kind", list(Kind))
def test_doubt_without_a_crash_is_treated_alike(post: Post, kind: Kind) -> None:
    target = post.post("target")
    post.sent(post.take(), 17)
    post.post("key", kind=kind, edits_id=target if kind is Kind.EDIT else None)
    post.do(outbox.record_doubt, post.take(), post.now)
    assert post.state("key") == (OutboxState.WAITING if kind in outbox.REPEATABLE else OutboxState.IN_DOUBT)
    assert (post.claim(post.now + HOUR) is None) == (kind not in outbox.REPEATABLE)


def test_a_chat_with_a_message_in_doubt_goes_on(post: Post) -> None:
    post.post("a0")
    post.post("a1")
    post.take()
    post.recover()
    assert post.send_everything() == ["a1"]


# Edits


def test_an_edit_goes_to_the_message_that_its_target_became(post: Post) -> None:
    target = post.post("target")
    post.post("edit", kind=Kind.EDIT, edits_id=target)
    parcel = post.take()
    assert parcel.screen["text"] == "target"
    # Not before the target is sent and its number known.
    assert post.claim() is None
    post.sent(parcel, 4_711)
    edit = post.take()
    assert (edit.is_edit, edit.message_id) == (True, 4_711)


def test_an_edit_waits_for_a_target_that_has_to_wait(post: Post) -> None:
    target = post.post("target")
    post.do(outbox.postpone, post.take(), post.now, 60.0)
    post.post("edit", kind=Kind.EDIT, edits_id=target)
    assert post.claim() is None
    later = post.now + 60 * SECOND
    post.sent(post.take(later), 4_711)
    assert post.take(later).message_id == 4_711


@pytest.mark.parametrize("end", ["failed", "in doubt"])
def test_an_edit_of_what_never_arrived_says_so(post: Post, end: str) -> None:
    target = post.post("target")
    parcel = post.take()
    if end == "failed":
        post.do(outbox.record_failed, parcel, "blocked", post.now)
    else:
        post.recover()
    post.post("edit", kind=Kind.EDIT, edits_id=target)
    edit = post.take()
    assert (edit.is_edit, edit.message_id) == (True, None)


@pytest.mark.parametrize(
    ("state", "found"), [("waiting", False), ("in the air", True), ("sent", True), ("failed", False)]
)
def test_the_message_to_edit_is_found_once_it_may_have_gone_out(town: Town, state: str, found: bool) -> None:
    """An invitation in the air at the closing time will have a number when its edit is claimed."""
    post = Post(town.database, town.now)
    account, round_ = town.account(town.coordinator), town.open()
    more = {"account_id": account.id, "round_id": round_.id}
    invitation = post.post("invitation", account.telegram_id, Kind.INVITATION, **more)
    post.post("result", account.telegram_id, Kind.RESULT, **more)
    if state != "waiting":
        parcel = post.take()
        if state == "sent":
            post.sent(parcel)
        elif state == "failed":
            post.do(outbox.record_failed, parcel, "blocked", post.now)
    with town.database.begin() as db:
        target = outbox.sent_to(db, round_.id, account.id, Kind.INVITATION)
    assert target == (invitation if found else None)


def test_an_invitation_in_the_air_at_the_closing_time_is_edited_when_it_has_landed(town: Town) -> None:
    post = Post(town.database, town.now)
    round_ = town.open()
    town.beat()
    invitation = post.take(round_.closes_at - SECOND)
    town.beat(round_.closes_at)
    assert post.claim(round_.closes_at) is None
    post.sent(invitation, 4_711, round_.closes_at)
    edit = post.take(round_.closes_at)
    assert (edit.is_edit, edit.message_id) == (True, 4_711)


# Keeping


def test_rows_are_forgotten_thirty_days_after_their_end(post: Post) -> None:
    for key in ("sent", "failed", "in doubt", "dropped", "waiting"):
        post.post(key, lives=timedelta(days=90) if key == "waiting" else HOUR, at=post.now)
        if key == "sent":
            post.sent(post.take())
        elif key == "failed":
            post.do(outbox.record_failed, post.take(), "blocked", post.now)
        elif key == "in doubt":
            post.take()
            post.recover()
        elif key == "dropped":
            post.expire(post.now + HOUR)
    post.expire(post.now + KEPT_FOR)
    assert len(post.keys()) == 5
    post.expire(post.now + KEPT_FOR + MICROSECOND)
    assert post.keys() == ["dropped", "waiting"]
    post.expire(post.now + HOUR + KEPT_FOR + MICROSECOND)
    assert post.keys() == ["waiting"]


def test_a_rounds_rows_are_kept_until_thirty_days_after_its_end(town: Town) -> None:
    post = Post(town.database, town.now)
    account, round_ = town.account(town.coordinator), town.open()
    invitation = post.post("invitation", account_id=account.id, round_id=round_.id)
    post.sent(post.take())
    post.post("edit", kind=Kind.EDIT, edits_id=invitation, account_id=account.id, round_id=round_.id)
    post.sent(post.take())
    post.post("other")
    post.sent(post.take())
    post.expire(town.now + KEPT_FOR + HOUR)
    # The round is still open, and its invitation is what will be edited.
    assert post.keys() == ["invitation", "edit"]
    end = town.now + timedelta(days=21)
    with town.database.begin() as db:
        db.execute(update(RoundRow).values(closed_at=end, destroyed_at=end))
    post.expire(end + KEPT_FOR - MICROSECOND)
    assert post.keys() == ["invitation", "edit"]
    post.expire(end + KEPT_FOR)
    assert post.keys() == []


def test_rows_go_with_their_person_and_with_their_round(town: Town) -> None:
    post = Post(town.database, town.now)
    account, round_ = town.account(town.coordinator), town.open()
    post.post("mine", account_id=account.id)
    target = post.post("round's", round_id=round_.id)
    post.post("edit", kind=Kind.EDIT, edits_id=target)
    post.post("nobody's")
    with town.database.begin() as db:
        db.execute(delete(RoundRow))
    assert post.keys() == ["mine", "nobody's"]
    with town.database.begin() as db:
        db.execute(text("DELETE FROM account"))
    assert post.keys() == ["nobody's"]


# Counting


# Many hands


def test_many_who_claim_at_the_same_moment_claim_each_row_once(post: Post) -> None:
    """Until nothing is left. A chat's order shows that no two of it were ever in the air together."""
    chats = {ANNA: 6, BODO: 6, CHANNEL: 6, **dict.fromkeys(range(6_000, 6_006), 1)}
    for number in range(6):
        for chat_id, messages in chats.items():
            if number < messages:
                post.post(f"{chat_id}:{number}", chat_id)
    claimed: list[tuple[int, str]] = []

    def work() -> None:
        nothing = 0
        while nothing < 50 and len(claimed) < sum(chats.values()):
            parcel = post.claim()
            if parcel is None:
                nothing += 1
                continue
            claimed.append((parcel.chat_id, parcel.screen["text"]))
            post.sent(parcel)

    together(*[work] * 6)
    while parcel := post.claim():
        claimed.append((parcel.chat_id, parcel.screen["text"]))
        post.sent(parcel)
    assert len(claimed) == len(set(claimed)) == sum(chats.values())
    for chat_id, messages in chats.items():
        assert [key for chat, key in claimed if chat == chat_id] == [f"{chat_id}:{n}" for n in range(messages)]


def test_several_who_claim_from_one_chat_at_the_same_moment_get_one_message(post: Post) -> None:
    for number in range(8):
        for message in range(4):
            post.post(f"{number}:{message}", 6_000 + number)
        done = together(*[post.claim] * 4)
        assert [parcel.screen["text"] for parcel in done if isinstance(parcel, Parcel)] == [f"{number}:0"]
        with post.database.begin() as db:
            in_flight = db.scalars(select(OutboxRow).where(OutboxRow.state == OutboxState.IN_FLIGHT)).all()
            assert [row.key for row in in_flight] == [f"{number}:0"]
            db.execute(delete(OutboxRow))


# Whatever happens


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    happenings=st.lists(
        st.sampled_from(["post a", "post b", "claim", "sent", "doubt", "later", "failed", "crash", "tick"]),
        max_size=30,
    )
)
def test_whatever_happens_each_message_goes_out_at_most_once_and_in_order(
    migrated_sqlite: Any, tmp_path_factory: pytest.TempPathFactory, happenings: list[str], now: datetime
) -> None:
    file = tmp_path_factory.mktemp("outbox") / "dreiklang.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    post = Post(Database(f"sqlite:///{file}"), now)
    story = Story(post)
    for what in happenings:
        story.go_on(what)
    post.database.dispose()
    assert len(story.sent) == len(set(story.sent))
    for chat_id in (ANNA, BODO):
        order = [int(key) for chat, key in story.sent if chat == chat_id]
        assert order == sorted(order)


class Story:
    """What has happened to one outbox; ``sent`` is what people have got."""

    def __init__(self, post: Post) -> None:
        self.sent: list[tuple[int, str]] = []
        self._post = post
        self._posted = 0
        self._in_hand: list[Parcel] = []
        self._at = post.now

    def go_on(self, what: str) -> None:
        if what.startswith("post"):
            self._post.post(f"{self._posted}", {"a": ANNA, "b": BODO}[what[-1]], at=self._at)
            self._posted += 1
        elif what == "claim":
            if parcel := self._post.claim(self._at):
                assert parcel.chat_id not in {p.chat_id for p in self._in_hand}
                self._in_hand.append(parcel)
        elif what == "tick":
            self._at += timedelta(seconds=3)
        elif what == "crash":
            self._in_hand.clear()
            self._post.recover(self._at)
        elif self._in_hand:
            self._end(what, self._in_hand.pop(0))

    def _end(self, what: str, parcel: Parcel) -> None:
        match what:
            case "sent":
                self.sent.append((parcel.chat_id, parcel.screen["text"]))
                self._post.sent(parcel, 1, self._at)
            case "doubt":
                self._post.do(outbox.record_doubt, parcel, self._at)
            case "later":
                self._post.do(outbox.postpone, parcel, self._at)
            case "failed":
                self._post.do(outbox.record_failed, parcel, "x", self._at)


def test_whoever_joins_two_partial_runs_sees_each_row_once(post: Post) -> None:
    """A second delivery that starts while the first has messages in the air takes only the others."""
    for number in range(6):
        post.post(f"{number}", 6_000 + number)
    first = [post.take() for _ in range(3)]
    second = [parcel for parcel in together(*[partial(post.claim)] * 5) if isinstance(parcel, Parcel)]
    assert len({p.id for p in [*first, *second]}) == 6


def test_the_next_event_is_a_message_that_waits_for_its_hours_and_none_that_is_held_back(post: Post) -> None:
    post.post("held back")
    post.do(outbox.postpone, post.take(), post.now, 60.0)
    with post.database.begin() as db:
        assert queries.next_due(db, post.now) is None
        outbox.post(db, "tomorrow", Kind.NOTICE, BODO, {}, post.now, at=post.now + 24 * HOUR)
        assert queries.next_due(db, post.now) == post.now + 24 * HOUR
