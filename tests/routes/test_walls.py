"""The walls of the house stand, and each of them can fall."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
ROOMS = ("bot", "handlers", "scheduler", "screens", "core", "sandbox")
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
]
BREACHES = {
    "Everything flows down": ("screens/menu.py", "import handlers.turn"),
    "Inside core": ("core/queries/people.py", "import core.actions.drafts"),
    "Rules reach only": ("core/rules/pulse.py", "import sqlalchemy"),
    "Only bot knows Telegram": ("handlers/pulse.py", "import telegram"),
    "Screens never read": ("screens/pulse.py", "import core.queries.pulse"),
    "Handlers and beats": ("scheduler/upkeep.py", "import sqlalchemy"),
    "The sandbox and the application": ("bot/sender.py", "import sandbox.world"),
    "The sandbox knows nothing": ("sandbox/model.py", "import core.rules.people"),
}
"""For the contract that begins so: a file and the line in it that breaks the contract."""


def lint(folder: Path) -> str:
    done = subprocess.run(
        [LINTER, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert ("Contracts: " in done.stdout) is True, done.stdout + done.stderr
    assert (done.returncode == 0) == (", 0 broken" in done.stdout)
    return done.stdout


def verdicts(output: str) -> dict[str, str]:
    """KEPT or BROKEN by contract; long names leave no space before the verdict."""
    return {
        name: line.removeprefix(name).split()[0]
        for line in output.splitlines()
        for name in CONTRACTS
        if line.startswith(name) and line.removeprefix(name).split()[:1] in (["KEPT"], ["BROKEN"])
    }


def test_the_contracts_are_kept() -> None:
    assert verdicts(lint(ROOT)) == dict.fromkeys(CONTRACTS, "KEPT")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "*.toml"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_has_a_breach_to_try() -> None:
    assert [next(b for b in BREACHES if name.startswith(b)) for name in CONTRACTS] == list(BREACHES)


@pytest.mark.parametrize("begins", BREACHES)
def test_a_contract_can_be_broken(copy: Path, begins: str) -> None:
    file, line = BREACHES[begins]
    before = (copy / file).read_text(encoding="utf-8")
    (copy / file).write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        told = verdicts(lint(copy))
    finally:
        (copy / file).write_text(before, encoding="utf-8")
    name = next(name for name in CONTRACTS if name.startswith(begins))
    assert told[name] == "BROKEN"


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def test_telegram_is_imported_by_bot_alone() -> None:
    knowing = {
        file.relative_to(ROOT).parts[0]
        for file in sources(*ROOMS, "migrations")
        if any(name.split(".")[0] == "telegram" for name in imported(file))
    }
    assert knowing == {"bot"}


def test_rules_import_only_the_standard_library_dateutil_and_holidays() -> None:
    """import-linter can only forbid what somebody has thought of."""
    allowed = sys.stdlib_module_names | {"dateutil", "holidays"}
    foreign = {
        (file.name, name)
        for file in sources("core/rules")
        for name in imported(file)
        if name.split(".")[0] not in allowed and not name.startswith("core.rules")
    }
    assert not foreign


def test_nobody_but_bot_and_the_sandbox_looks_at_the_clock() -> None:
    """Time is an argument; a rule or a deed that asks the clock cannot be tested, and the demo cannot move it on."""
    clocks = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "time.monotonic"}
    looking = {
        (file.relative_to(ROOT).as_posix(), ast.unparse(node))
        for file in sources("core", "screens", "handlers", "scheduler")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in clocks
    }
    assert not looking


def test_only_bot_and_the_sandbox_wait() -> None:
    waiting = {
        file.relative_to(ROOT).as_posix()
        for file in sources("core", "screens", "handlers", "scheduler")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await)
    }
    assert not waiting


def test_the_catalogues_do_not_shadow_the_standard_library() -> None:
    assert not [*(ROOT / "locale").rglob("*.py")]
    import locale

    assert "locale" in sys.stdlib_module_names
    assert locale.__file__ is not None
    assert not Path(locale.__file__).is_relative_to(ROOT / "locale")
