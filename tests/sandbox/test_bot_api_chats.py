"""Groups and channels, pressed buttons, the bot's profile, and calls that are none."""

from typing import Any

import pytest

from sandbox.people import Person, Telegram
from tests.sandbox.api import Api, Clock, check_update


def test_the_bot_knows_itself(api: Api) -> None:
    me = api.do("getMe")
    assert (me["id"], me["username"], me["is_bot"]) == (1, "dreiklang_demo_bot", True)


def test_calls_that_are_none(api: Api) -> None:
    assert api.refusal("sendPoll") == "400 Bad Request: method sendPoll is not supported here"
    assert api.refusal("sendNonsense") == "400 Bad Request: method sendNonsense is not supported here"
    assert api.refusal("getMe", colour="red") == '400 Bad Request: unknown parameter "colour" of getMe'
    assert Api(api.telegram, api.address, "1:OTHER").refusal("getMe") == "401 Unauthorized"
    assert api.exchange("/nowhere")[0] == 404
    assert api.exchange("/bot1:TEST/getMe", b"{", "application/json")[0] == 400
    assert api.exchange("/bot1:TEST/getMe", b"[]", "application/json")[0] == 400
    assert api.exchange("/bot1:TEST/getMe", b"x", "multipart/form-data; boundary=y")[0] == 400
    assert api.exchange("/bot1:TEST/GETME")[0] == 200


def test_a_channel_takes_posts_from_its_administrators_only(api: Api, anna: Person, telegram: Telegram) -> None:
    channel = telegram.channel("Koordination", owner=anna)
    assert api.refusal("sendMessage", chat_id=channel.id, text="x") == "400 Bad Request: chat not found"
    anna.adds_bot(channel)
    post = api.do("sendMessage", chat_id=channel.id, text="<b>Ergebnis</b>", parse_mode="HTML")
    assert post["sender_chat"]["title"] == "Koordination"
    assert "from" not in post
    assert channel.sees("Ergebnis").id == post["message_id"]
    api.do("editMessageText", chat_id=channel.id, message_id=post["message_id"], text="y")
    api.do("pinChatMessage", chat_id=channel.id, message_id=post["message_id"])

    anna.adds_bot(channel, rights={"can_manage_chat"})
    rights = "400 Bad Request: need administrator rights in the channel chat"
    assert api.refusal("sendMessage", chat_id=channel.id, text="x") == rights
    assert api.refusal("editMessageText", chat_id=channel.id, message_id=post["message_id"], text="z") == rights
    pinning = "400 Bad Request: not enough rights to manage pinned messages in the chat"
    assert api.refusal("pinChatMessage", chat_id=channel.id, message_id=post["message_id"]) == pinning
    written = anna.writes("von Anna", chat=channel)
    posted = api.updates()[-1]
    check_update(posted)
    assert posted["channel_post"]["text"] == "von Anna"
    refused = api.refusal("deleteMessage", chat_id=channel.id, message_id=written.id)
    assert refused == "400 Bad Request: message can't be deleted"

    anna.removes_bot(channel)
    kicked = "403 Forbidden: bot was kicked from the channel chat"
    assert api.refusal("sendMessage", chat_id=channel.id, text="x") == kicked
    assert api.refusal("getChat", chat_id=channel.id) == kicked
    assert api.refusal("getChatMember", chat_id=channel.id, user_id=anna.id) == kicked


def test_the_bot_learns_what_becomes_of_it(api: Api, anna: Person, telegram: Telegram) -> None:
    channel, group = telegram.channel("Kanal", owner=anna), telegram.group("Gruppe", owner=anna)
    anna.adds_bot(channel)
    anna.adds_bot(channel)  # nothing changes, nothing is told
    anna.adds_bot(group)
    anna.adds_bot(group, rights={"can_pin_messages"})
    anna.removes_bot(channel)
    anna.blocks()
    anna.unblocks()
    api.do("leaveChat", chat_id=group.id)
    changes = []
    for update in api.updates():
        check_update(update)
        change = update["my_chat_member"]
        old, new = change["old_chat_member"]["status"], change["new_chat_member"]["status"]
        changes.append((change["chat"]["type"], old, new))
    assert changes == [
        ("channel", "left", "administrator"),
        ("group", "left", "member"),
        ("group", "member", "administrator"),
        ("channel", "administrator", "kicked"),
        ("private", "member", "kicked"),
        ("private", "kicked", "member"),
        ("group", "administrator", "left"),
    ]
    left = api.refusal("sendMessage", chat_id=group.id, text="x")
    assert left == "403 Forbidden: bot is not a member of the group chat"


def test_members_and_administrators(api: Api, anna: Person, telegram: Telegram) -> None:
    channel = telegram.channel("Kanal", owner=anna, username="musterland")
    bernd, carla = telegram.person("Bernd"), telegram.person("Carla")
    bernd.joins(channel)
    anna.adds_bot(channel)

    def status(user_id: int) -> str:
        return str(api.do("getChatMember", chat_id="@musterland", user_id=user_id)["status"])

    assert [status(each) for each in (anna.id, bernd.id, carla.id, 1)] == ["creator", "member", "left", "administrator"]
    bernd.leaves(channel)
    assert status(bernd.id) == "left"
    refused = api.refusal("getChatMember", chat_id=channel.id, user_id=77)
    assert refused == "400 Bad Request: PARTICIPANT_ID_INVALID"
    assert api.refusal("getChatMember", chat_id=channel.id) == "400 Bad Request: invalid user_id specified"
    administrators = api.do("getChatAdministrators", chat_id=channel.id)
    assert [each["status"] for each in administrators] == ["creator", "administrator"]
    assert administrators[1]["can_post_messages"]
    alone = api.refusal("getChatAdministrators", chat_id=anna.id)
    assert alone == "400 Bad Request: there are no administrators in the private chat"
    assert api.do("getChat", chat_id=channel.id)["active_usernames"] == ["musterland"]
    assert api.do("getChat", chat_id=anna.id)["first_name"] == "Anna"
    assert api.refusal("getChat", chat_id=carla.id) == "400 Bad Request: chat not found"


def test_in_groups_the_bot_hears_only_what_is_meant_for_it(api: Api, anna: Person, telegram: Telegram) -> None:
    group = telegram.group("Gruppe", owner=anna)
    anna.adds_bot(group)
    answer = group.chat.messages[api.do("sendMessage", chat_id=group.id, text="Frage?")["message_id"]]
    api.updates()
    for text in (
        "Hallo",
        "/hilfe",
        "/hilfe@dreiklang_demo_bot",
        "/hilfe@other_bot",
        "geh /hilfe",
        "@dreiklang_demo_bot",
    ):
        anna.writes(text, chat=group)
    anna.writes("Ja!", chat=group, reply_to=answer)
    heard = [update["message"]["text"] for update in api.updates()]
    assert heard == ["/hilfe", "/hilfe@dreiklang_demo_bot", "Ja!"]
    anna.adds_bot(group, rights={"can_pin_messages"})
    anna.writes("Hallo", chat=group)
    assert api.updates()[-1]["message"]["text"] == "Hallo"


def test_a_group_becomes_a_supergroup(api: Api, anna: Person, telegram: Telegram) -> None:
    group = telegram.group("Gruppe", owner=anna)
    anna.adds_bot(group)
    api.updates()
    upgraded = group.becomes_supergroup()
    assert [update["message"].get("migrate_to_chat_id") for update in api.updates()] == [upgraded.id, None]
    answer = api.call("sendMessage", chat_id=group.id, text="x")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": upgraded.id}
    api.do("sendMessage", chat_id=upgraded.id, text="x")


def test_a_pressed_button_is_answered_once_and_in_time(
    api: Api, anna: Person, telegram: Telegram, clock: Clock
) -> None:
    markup = {"inline_keyboard": [[{"text": "OK", "callback_data": "ok"}]]}
    sent = api.do("sendMessage", chat_id=anna.id, text="?", reply_markup=markup)
    query_id = telegram.press(anna.id, anna.id, sent["message_id"], "ok")
    (update,) = api.updates()
    check_update(update)
    query = update["callback_query"]
    assert (query["id"], query["data"], query["from"]["id"], query["message"]["text"]) == (query_id, "ok", anna.id, "?")
    long = api.refusal("answerCallbackQuery", callback_query_id=query_id, text="x" * 201)
    assert long == "400 Bad Request: MESSAGE_TOO_LONG"
    assert api.do("answerCallbackQuery", callback_query_id=query_id, text="x" * 200, show_alert=True, cache_time=0)
    too_old = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert api.refusal("answerCallbackQuery", callback_query_id=query_id) == too_old
    assert api.refusal("answerCallbackQuery", callback_query_id="77") == too_old
    assert api.refusal("answerCallbackQuery") == too_old
    late = telegram.press(anna.id, anna.id, sent["message_id"], "ok")
    clock.seconds = 16
    assert api.refusal("answerCallbackQuery", callback_query_id=late) == too_old
    assert telegram.snapshot(anna.id)["toasts"][-1]["alert"]


def test_commands_per_language_and_scope(api: Api, anna: Person, telegram: Telegram) -> None:
    def commands(word: str) -> list[dict[str, str]]:
        return [{"command": word, "description": word.title()}]

    api.do("setMyCommands", commands=commands("help"))
    api.do("setMyCommands", commands=commands("hilfe"), language_code="de")
    private = {"type": "all_private_chats"}
    api.do("setMyCommands", commands=commands("menu"), scope=private)
    assert api.do("getMyCommands", language_code="de") == commands("hilfe")
    assert api.do("getMyCommands", language_code="fr") == []
    assert telegram.command_menu(anna.id) == commands("menu")
    api.do("deleteMyCommands", scope=private)
    assert telegram.command_menu(anna.id) == commands("hilfe")
    only_anna = {"type": "chat", "chat_id": anna.id}
    api.do("setMyCommands", commands=commands("anna"), scope=only_anna)
    assert telegram.command_menu(anna.id) == commands("anna")
    assert telegram.command_menu(telegram.person("John", language="en").id) == commands("help")


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({}, "commands list is not specified"),
        ({"commands": [{"command": "Hilfe", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "x", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": [{"command": "x", "description": "x"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [], "language_code": "deu"}, "invalid language code specified"),
        ({"commands": [], "scope": {"type": "chat"}}, "chat_id is empty"),
        ({"commands": [{"command": "x"}]}, 'parameter "commands[0]" lacks the field "description"'),
    ],
)
def test_commands_are_checked(api: Api, parameters: dict[str, Any], refusal: str) -> None:
    assert api.refusal("setMyCommands", **parameters) == f"400 Bad Request: {refusal}"


def test_descriptions_per_language(api: Api) -> None:
    api.do("setMyDescription", description="Drei Klänge")
    api.do("setMyShortDescription", short_description="Three", language_code="en")
    assert api.do("getMyDescription", language_code="en") == {"description": "Drei Klänge"}
    assert api.do("getMyShortDescription") == {"short_description": ""}
    assert api.do("getMyShortDescription", language_code="en") == {"short_description": "Three"}
    api.do("setMyDescription")
    assert api.do("getMyDescription") == {"description": ""}
    assert api.refusal("setMyShortDescription", short_description="x" * 121).startswith("400")
