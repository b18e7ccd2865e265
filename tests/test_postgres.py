import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests import postgres
from tests.postgres import EXISTING, Postgres, PostgresMissing


def _notes(url: str) -> list[str]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return list(connection.scalars(text("SELECT words FROM note")))
    finally:
        engine.dispose()


def _run(url: str, *statements: str) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def _migrate(url: str) -> None:
    _run(url, "CREATE TABLE note (words text)", "INSERT INTO note VALUES ('grüße')")


def _names(server: Postgres) -> set[str]:
    url = make_url(server.fresh()).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def _folder(server: Postgres) -> Path:
    return Path(str(make_url(server.fresh()).query["host"]))


@pytest.fixture(scope="module", params=[postgres.debian, postgres.embedded], ids=["debian", "embedded"])
def binaries(request: pytest.FixtureRequest) -> Path:
    found: Path | None = request.param()
    if not found:
        pytest.skip("this machine has no such PostgreSQL")
    return found


@pytest.fixture(scope="module")
def server(binaries: Path) -> Iterator[Postgres]:
    with Postgres(binaries) as running:
        yield running


def test_the_pip_package_is_always_there() -> None:
    assert postgres.embedded()


def test_each_database_is_a_copy_of_its_own(server: Postgres) -> None:
    first, second = server.fresh(_migrate), server.fresh(_migrate)
    _run(first, "INSERT INTO note VALUES ('zwei')")
    assert _notes(first) == ["grüße", "zwei"]
    assert _notes(second) == ["grüße"]


def test_a_template_is_prepared_once(server: Postgres) -> None:
    urls: list[str] = []
    copies = [server.fresh(urls.append) for _ in range(3)]
    assert len(urls) == 1
    assert len({*urls, *copies}) == 4


def test_a_template_that_forgets_a_connection_can_be_copied(server: Postgres) -> None:
    engine = create_engine("postgresql+psycopg://")

    def forgetful(url: str) -> None:
        nonlocal engine
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE note (words text)"))

    assert _notes(server.fresh(forgetful)) == []
    engine.dispose()


def test_a_template_that_fails_leaves_nothing_and_is_tried_again(server: Postgres) -> None:
    tried: list[str] = []

    def fails_once(url: str) -> None:
        tried.append(url)
        if len(tried) == 1:
            raise ZeroDivisionError
        _migrate(url)

    with pytest.raises(ZeroDivisionError):
        server.fresh(fails_once)
    assert make_url(tried[0]).database not in _names(server)
    assert _notes(server.fresh(fails_once)) == ["grüße"]


def test_a_database_is_dropped_although_somebody_is_connected(server: Postgres) -> None:
    url = server.fresh(_migrate)
    engine = create_engine(url)
    with engine.connect():
        server.drop(url)
    engine.dispose()
    assert make_url(url).database not in _names(server)


def test_only_what_was_made_here_can_be_dropped(server: Postgres) -> None:
    with pytest.raises(ValueError, match="not a database that was made here"):
        server.drop(make_url(server.fresh()).set(database="postgres").render_as_string())


def test_nothing_is_left_after_a_failure(binaries: Path) -> None:
    server = Postgres(binaries)
    folder = Path()
    connection: psycopg.Connection | None = None

    def fail() -> None:
        nonlocal folder, connection
        with server:
            folder = _folder(server)
            connection = psycopg.connect(f"host={folder} user=postgres dbname=postgres")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert connection
    assert not folder.exists()
    with connection, pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    with pytest.raises(RuntimeError, match="not running"):
        server.fresh()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(
    binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as place:
        # The server's user must be able to enter.
        Path(place).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", place)
        monkeypatch.setitem(postgres._SERVER_OPTIONS, "max_connections", "none")
        with pytest.raises(RuntimeError, match=r'(?s)pg_ctl failed.*"max_connections"'), Postgres(binaries):
            pass
        assert list(Path(place).iterdir()) == []


def test_binaries_in_a_closed_folder_serve_too(tmp_path: Path) -> None:
    package = postgres.embedded()
    assert package
    root = package.parents[1]
    for part in (root, root.with_name(f"{root.name}.libs")):
        if part.exists():
            shutil.copytree(part, tmp_path / part.name, symlinks=True)
    tmp_path.chmod(0o700)
    with Postgres(tmp_path / package.relative_to(root.parent)) as running:
        assert _notes(running.fresh(_migrate)) == ["grüße"]


def test_an_existing_server_is_used_and_left_clean(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _names(server)
    monkeypatch.setenv(EXISTING, server.fresh().replace("+psycopg", ""))
    with Postgres() as other:
        url = other.fresh(_migrate)
        assert url.startswith("postgresql+psycopg://")
        assert _notes(url) == ["grüße"]
        assert make_url(url).query == make_url(server.fresh()).query
    assert not {name for name in _names(server) if name.startswith(other._prefix)}
    assert before <= _names(server)


@pytest.mark.parametrize("missing", [("debian",), ("debian", "embedded")])
def test_pip_stands_in_for_debian_and_nothing_for_both(
    missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(EXISTING, raising=False)
    for source in missing:
        monkeypatch.setattr(postgres, source, lambda: None)
    if "embedded" in missing:
        with pytest.raises(PostgresMissing, match=EXISTING), Postgres():
            pass
    else:
        with Postgres() as running:
            assert _notes(running.fresh(_migrate)) == ["grüße"]
