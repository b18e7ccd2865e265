"""What a handler gets: one person's one deed, as plain data."""

from dataclasses import dataclass
from datetime import datetime

from core.db import Session
from core.rules.people import Account, Member
from core.rules.refusal import Reason, Refusal
from core.urn import Urns
from screens.buttons import DeepLink
from screens.l10n import Texts


@dataclass(frozen=True)
class Turn:
    """``member`` is who acts: in the municipality that the button names, else in the one last chosen."""

    db: Session
    urns: Urns
    t: Texts
    now: datetime
    bot_name: str
    telegram_id: int
    account: Account | None
    members: tuple[Member, ...]
    acting: Member | None

    @property
    def member(self) -> Member:
        if self.acting is None:
            raise Refusal(Reason.NOT_A_MEMBER)
        return self.acting

    @property
    def known_account(self) -> Account:
        if self.account is None:
            raise Refusal(Reason.NOT_A_MEMBER)
        return self.account

    def url(self, link: DeepLink) -> str:
        """Where a deep link leads, to be passed on outside of keys."""
        return f"https://t.me/{self.bot_name}?start={link.pack()}"
