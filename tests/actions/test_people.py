from datetime import datetime

from core.actions import people
from core.db import Database


def test_found_gives_a_token(database: Database, now: datetime) -> None:
    with database.begin() as db:
        assert len(people.found(db, "Landkreis Musterland", now)) == 32
