"""An installation as it was at one moment, of which any number of copies can go on from there."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot import schema
from core.db import Database
from core.rules.people import Account
from core.rules.pulse import Round
from core.urn import Urns
from tests.actions.town import Town
from tests.postgres import Postgres


@dataclass(frozen=True)
class Scene:
    """A town with its people, and its round if there is one."""

    town: Town
    staff: tuple[Account, ...] = ()
    round: Round | None = None

    @property
    def running(self) -> Round:
        assert self.round is not None
        return self.round


Build = Callable[[Database, Urns], Scene]


@dataclass(frozen=True)
class Copy:
    """One installation on disk; ``started`` is the program running on it."""

    database: Database
    folder: Path
    scene: Scene
    urn_url: str = ""

    @contextmanager
    def started(self) -> Iterator[Scene]:
        urns = Urns(self.folder / "urn", self.urn_url)
        try:
            yield replace(self.scene, town=self.scene.town.again(self.database, urns))
        finally:
            urns.close()
            # Only connections; that the next start finds its statements compiled saves most of its time.
            self.database.dispose()


class Saved:
    """``postgres`` None means SQLite. ``folder`` keeps the original and the copy in use."""

    def __init__(self, build: Build, folder: Path, postgres: Postgres | None) -> None:
        self._build = build
        self._original = folder / "original"
        self._copy = folder / "copy"
        self._postgres = postgres
        self._original.mkdir(parents=True)
        self._sqlite = Database(f"sqlite:///{self._copy / 'dreiklang.db'}")
        if postgres is None:
            self._prepare(f"sqlite:///{self._original / 'dreiklang.db'}")
        else:
            postgres.drop(postgres.fresh(self._prepare))

    @property
    def is_sqlite(self) -> bool:
        return self._postgres is None

    @contextmanager
    def copy(self, urn_url: str = "", of: Path | None = None) -> Iterator[Copy]:
        """A copy of the original; on SQLite also of a folder that was copied from a copy later on."""
        if self._copy.exists():
            shutil.rmtree(self._copy)
        shutil.copytree(of or self._original, self._copy)
        if self._postgres is None:
            yield Copy(self._sqlite, self._copy, self._scene, urn_url)
            return
        url = self._postgres.fresh(self._prepare)
        database = Database(url)
        try:
            yield Copy(database, self._copy, self._scene, urn_url)
        finally:
            database.dispose()
            self._postgres.drop(url)

    def _prepare(self, url: str) -> None:
        schema.upgrade(url)
        database, urns = Database(url), Urns(self._original / "urn")
        try:
            self._scene = self._build(database, urns)
        finally:
            urns.close()
            database.dispose()
