"""An installation as it was at one moment, of which any number of copies can go on from there."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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

    url: str
    folder: Path
    scene: Scene
    urn_url: str = ""

    @contextmanager
    def started(self) -> Iterator[Scene]:
        database, urns = Database(self.url), Urns(self.folder / "urn", self.urn_url)
        try:
            yield replace(self.scene, town=self.scene.town.again(database, urns))
        finally:
            urns.close()
            database.dispose()


class Saved:
    """``postgres`` None means SQLite. ``folder`` keeps the original and the copies."""

    def __init__(self, build: Build, folder: Path, postgres: Postgres | None) -> None:
        self._build = build
        self._folder = folder
        self._postgres = postgres
        self._copies = 0
        original = folder / "original"
        original.mkdir(parents=True)
        if postgres is None:
            self._prepare(f"sqlite:///{original / 'dreiklang.db'}")
        else:
            postgres.drop(postgres.fresh(self._prepare))

    @contextmanager
    def copy(self, urn_url: str = "") -> Iterator[Copy]:
        self._copies += 1
        folder = self._folder / f"copy-{self._copies}"
        shutil.copytree(self._folder / "original", folder)
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, folder)
            if self._postgres is None:
                url = f"sqlite:///{folder / 'dreiklang.db'}"
            else:
                url = self._postgres.fresh(self._prepare)
                undo.callback(self._postgres.drop, url)
            yield Copy(url, folder, self._scene, urn_url)

    def _prepare(self, url: str) -> None:
        schema.upgrade(url)
        database, urns = Database(url), Urns(self._folder / "original" / "urn")
        try:
            self._scene = self._build(database, urns)
        finally:
            urns.close()
            database.dispose()
