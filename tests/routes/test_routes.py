"""One page names every way in, each with its permission; and no deed of the coordination is behind another door."""

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from types import ModuleType, NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import Session

import handlers
from core.actions import channels as channel_deeds
from core.actions import people as people_deeds
from core.actions import plans as plan_deeds
from core.actions import pulse as pulse_deeds
from core.actions import reminders as reminder_deeds
from core.actions import statements as statement_deeds
from core.rules.people import Member, Permission, Reachability, Role
from core.rules.plans import Plan, PlanKind, suggested
from core.rules.refusal import Reason, Refusal
from handlers import FORMS, HAPPENED, OPENED, PRESSED, TYPED
from screens import buttons, commands
from screens.l10n import LOCALES, texts

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HANDLERS = Path(inspect.getfile(handlers)).parent
GUARDS = {"require_coordinator", "hold"}
"""They refuse whoever is no coordinator; every deed of the coordination begins with one of them."""

DEEDS: tuple[ModuleType, ...] = (channel_deeds, people_deeds, plan_deeds, pulse_deeds, reminder_deeds, statement_deeds)

FOR_EVERYBODY = {
    buttons.ShowPrivacy, buttons.ShowPrivacyInFull, buttons.CancelForm, buttons.Join, buttons.CorrectName,
    buttons.JoinAsNamed, buttons.ShowInvitation, buttons.ReadNotice, buttons.ShowMyData, buttons.AskLeave,
    buttons.AskLeaveHere, buttons.Leave,
}  # fmt: skip
FOR_MEMBERS = {
    buttons.OpenMenu, buttons.ChooseMunicipality, buttons.SwitchMunicipality, buttons.ChooseLanguage,
    buttons.SetLanguage, buttons.StartPulse, buttons.ShowStatement, buttons.PulseAnswer, buttons.PulsePrivacy,
    buttons.ShowResults, buttons.ShowDetails, buttons.ExplainResult, buttons.ShowAbsence, buttons.GoAway,
    buttons.AskAway, buttons.ComeBack,
}  # fmt: skip


def test_every_button_is_routed_once() -> None:
    assert sorted(route.button.tag for route in PRESSED) == sorted(buttons.Button.known)


def test_every_deep_link_is_routed_once() -> None:
    assert sorted(route.link.tag for route in OPENED) == sorted(buttons.DeepLink.known)


def test_every_command_of_the_menu_is_routed_once() -> None:
    assert sorted(c.english for c in commands.ALL) == sorted(route.command.english for route in TYPED)
    assert {id(route.command) for route in TYPED} == {id(command) for command in commands.ALL}


def test_a_command_has_one_meaning_in_all_languages() -> None:
    names = [name for command in commands.ALL for name in command.names]
    assert len(names) == len(set(names))
    for command in commands.ALL:
        for locale in LOCALES:
            name = command.name(locale)
            assert name in command.names
            # Telegram: setMyCommands takes 1 to 32 lowercase letters, digits and underscores, and 1 to 256 characters.
            assert name.isascii()
            assert name.replace("_", "a").isalnum()
            assert name == name.lower()
            assert len(name) <= 32
            assert 1 <= len(texts(locale).plain(command.about)) <= 256


def test_the_menu_of_the_coordination_is_the_one_that_only_it_may_use() -> None:
    for route in TYPED:
        assert route.command.for_coordinators == (route.permission is Permission.COORDINATOR)


def test_form_names_and_events_are_routed_once() -> None:
    assert len({route.name for route in FORMS}) == len(FORMS)
    assert len({route.event for route in HAPPENED}) == len(HAPPENED)


@pytest.mark.parametrize(
    "route",
    [*TYPED, *PRESSED, *OPENED, *FORMS],
    ids=lambda route: f"{route.handler.__module__}.{route.handler.__qualname__}",
)
def test_every_route_has_a_permission_and_a_handler_of_ours(route: Any) -> None:
    assert isinstance(route.permission, Permission)
    assert route.handler.__module__.startswith("handlers.")
    assert len(inspect.signature(route.handler).parameters) == (3 if route in FORMS else 2)


def test_what_is_not_for_everybody_or_members_is_for_the_coordination_alone() -> None:
    permissions = {route.button: route.permission for route in PRESSED}
    assert {b for b, p in permissions.items() if p is Permission.ANYONE} == FOR_EVERYBODY
    assert {b for b, p in permissions.items() if p is Permission.MEMBER} == FOR_MEMBERS
    assert set(permissions.values()) == set(Permission)
    assert {route.name for route in FORMS if route.permission is not Permission.COORDINATOR} == {"join", "away"}
    assert {route.link for route in OPENED if route.permission is Permission.ANYONE} == {buttons.JoinLink}


def test_a_button_of_the_coordination_names_its_municipality() -> None:
    """Otherwise a coordinator of one town would act wherever the menu was last."""
    for route in PRESSED:
        if route.permission is Permission.COORDINATOR:
            assert get_type_hints(route.button)["municipality"] is int, route.button


def test_the_coordination_is_asked_before_its_routes() -> None:
    """The permissions are handed over as they are, and a permission that is only written down protects nothing."""
    from bot.updates import _acting

    lead, contact = somebody(Role.COORDINATOR), somebody(Role.REPRESENTATIVE)
    assert _acting(None, (contact, lead), Permission.COORDINATOR, 1) is lead
    assert _acting(None, (contact,), Permission.MEMBER, 1) is contact
    assert _acting(None, (contact,), Permission.ANYONE, 2) is None
    for members, permission, place, reason in (
        ((contact,), Permission.COORDINATOR, 1, Reason.NOT_A_COORDINATOR),
        ((lead,), Permission.COORDINATOR, 2, Reason.NOT_A_MEMBER),
        ((lead,), Permission.MEMBER, 2, Reason.NOT_A_MEMBER),
        ((), Permission.MEMBER, None, Reason.NOT_A_MEMBER),
        ((), Permission.COORDINATOR, None, Reason.NOT_A_MEMBER),
    ):
        with pytest.raises(Refusal) as raised:
            _acting(None, members, permission, place)
        assert raised.value.reason is reason


# Forms


def calls(tree: ast.AST, wanted: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == wanted:
            yield node


def asked() -> Iterator[tuple[str, str, set[str]]]:
    """The forms that handlers begin: where, name, and the names of what is kept."""
    for file in HANDLERS.glob("*.py"):
        module = __import__(f"handlers.{file.stem}", fromlist=["x"]) if file.stem != "__init__" else handlers
        for call in calls(ast.parse(file.read_text(encoding="utf-8")), "forms.ask"):
            name = call.args[1]
            written = name.value if isinstance(name, ast.Constant) else getattr(module, ast.unparse(name))
            yield f"{file.name}:{call.lineno}", str(written), {keyword.arg or "**" for keyword in call.keywords}


def test_every_form_that_is_asked_is_routed_and_every_routed_one_is_asked() -> None:
    assert {name for _, name, _ in asked()} == {route.name for route in FORMS}


def test_only_the_last_press_of_a_form_finds_what_was_typed() -> None:
    """Every other press of the coordination leaves the form: ``bot.updates`` forgets it."""
    ending = {route.button for route in PRESSED if route.ends_form}
    assert ending == {buttons.ProposeStatement}
    assert all(route.permission is Permission.COORDINATOR for route in PRESSED if route.ends_form)


def test_a_form_of_the_coordination_remembers_its_municipality() -> None:
    """``bot.updates`` finds the member by it."""
    permissions = {route.name: route.permission for route in FORMS}
    for where, name, kept in asked():
        assert ("municipality" in kept) == (permissions[name] is Permission.COORDINATOR), where


# Deeds of the coordination


def functions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(module))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def guarded(module: ModuleType) -> set[str]:
    """The functions of a module that ask for a coordinator, themselves or through another one of the module."""
    known = functions(module)
    asks = set(GUARDS)
    while True:
        more = {name for name, node in known.items() if any(True for a in asks for _ in calls(node, a))} - asks
        if not more:
            return {name for name in asks - GUARDS if name in known and not name.startswith("_")}
        asks |= more


GUARDED = [(module, name) for module in DEEDS for name in sorted(guarded(module))]
REFUSING = [*GUARDED, (people_deeds, "hold")]


def test_the_deeds_of_the_coordination_are_the_ones_we_know() -> None:
    assert {name for _, name in GUARDED} == {
        "propose", "confirm", "decline", "approve", "retire", "set_topic", "record_involvement", "add_departments",
        "remove_department", "invite", "renew_link", "invite_many", "revoke_many", "remove", "foresee", "plan",
        "unplan", "extend",
        "save", "pause", "resume", "discard", "skip", "undo_skip", "add_period", "remove_period", "set_land",
        "set_minimum", "set_channel_locale",
    }  # fmt: skip


def test_every_module_of_deeds_with_an_actor_is_looked_at() -> None:
    folder = Path(inspect.getfile(people_deeds)).parent
    acting = {file.stem for file in folder.glob("*.py") if "actor: Member" in file.read_text(encoding="utf-8")}
    assert acting == {module.__name__.rsplit(".", 1)[1] for module in DEEDS}


def test_every_deed_with_an_actor_asks_for_a_coordinator() -> None:
    for module in DEEDS:
        with_actor = {
            name
            for name, node in functions(module).items()
            if not name.startswith("_") and "actor" in {a.arg for a in node.args.args}
        } - GUARDS
        assert with_actor == guarded(module)


def somebody(role: Role) -> Member:
    return Member(1, 1, "Musterland", None, "", role, 0, "Anna", 1, Reachability.CONNECTED)


def some(hint: Any, actor: Member) -> Any:
    """Any value of a type; the session is a real one, but bound to no database."""
    if get_origin(hint) is not None and NoneType in get_args(hint):
        return None
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    if get_origin(hint) is Sequence:
        return ("Jugendamt",)
    values: dict[Any, Any] = {
        Session: Session(), Member: actor, int: 1, str: "Jugendamt", bool: False, datetime: NOW, date: NOW.date(),
        Plan: suggested(PlanKind.PULSE, NOW.date()),
    }  # fmt: skip
    return values[hint]


def do(deed: Callable[..., object], actor: Member) -> None:
    hints = get_type_hints(deed)
    parameters = inspect.signature(deed).parameters.values()
    by_name = {p.name: some(hints[p.name], actor) for p in parameters if p.kind is p.KEYWORD_ONLY}
    deed(*(some(hints[p.name], actor) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD), **by_name)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
@pytest.mark.parametrize(("module", "name"), REFUSING, ids=[name for _, name in REFUSING])
def test_a_deed_of_the_coordination_refuses_others_before_it_looks_at_the_database(
    module: ModuleType, name: str, role: Role
) -> None:
    with pytest.raises(Refusal) as raised:
        do(getattr(module, name), somebody(role))
    assert raised.value.reason is Reason.NOT_A_COORDINATOR


@pytest.mark.parametrize(("module", "name"), GUARDED, ids=[name for _, name in GUARDED])
def test_a_coordinator_gets_as_far_as_the_database(module: ModuleType, name: str) -> None:
    with pytest.raises(UnboundExecutionError):
        do(getattr(module, name), somebody(Role.COORDINATOR))


def reaching(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Which function of a handlers' module does which guarded deed, also through another one of the module."""
    known = functions(module)
    names = {name for _, name in GUARDED}
    aliases = {alias: value for alias, value in vars(module).items() if value in DEEDS}
    does = {
        (function, name)
        for function, node in known.items()
        for name in names
        for alias, deeds in aliases.items()
        for _ in calls(node, f"{alias}.{name}")
        if hasattr(deeds, name)
    }
    while True:
        more = {
            (outer, name)
            for outer, node in known.items()
            for inner, name in does
            if any(True for _ in calls(node, inner))
        } - does
        if not more:
            return iter(sorted(does))
        does |= more


def test_whatever_does_a_deed_of_the_coordination_is_routed_for_it_alone() -> None:
    permissions = {
        (r.handler.__module__, r.handler.__name__): r.permission for r in (*TYPED, *PRESSED, *OPENED, *FORMS)
    }
    reached = set()
    for module in (
        handlers.channels, handlers.people, handlers.plans, handlers.pulse, handlers.rounds, handlers.start,
        handlers.privacy,
        handlers.statements,
    ):  # fmt: skip
        for function, deed in reaching(module):
            reached.add(deed)
            permission = permissions.get((module.__name__, function), Permission.COORDINATOR)
            assert permission is Permission.COORDINATOR, f"{module.__name__}.{function} does {deed}"
    assert reached == {name for _, name in GUARDED}
