"""Sending, editing, deleting and pinning, with Telegram's refusals in Telegram's words."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.people import Person, Telegram
from tests.sandbox.api import Api, Clock, image

NOT_MODIFIED = (
    "400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same as "
    "a current content and reply markup of the message"
)


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


OK = keyboard({"text": "OK", "callback_data": "ok"})


def test_a_message_arrives_as_it_was_written(api: Api, anna: Person, clock: Clock) -> None:
    sent = api.do(
        "sendMessage",
        chat_id=anna.id,
        text="<b>Guten Tag</b>, it&#39;s https://a.de",
        parse_mode="HTML",
        protect_content=True,
        disable_notification=True,
        link_preview_options={"is_disabled": True},
        reply_markup=OK,
    )
    assert sent["text"] == "Guten Tag, it's https://a.de"
    assert [entity["type"] for entity in sent["entities"]] == ["bold", "url"]
    assert sent["from"]["username"] == "dreiklang_demo_bot"
    assert sent["chat"] == {"id": anna.id, "first_name": "Anna", "last_name": "Müller", "type": "private"}
    assert sent["date"] == int(clock.now().timestamp())
    message = anna.last()
    assert (message.text, message.buttons, message.protected, message.edited) == (sent["text"], ["OK"], True, False)


@pytest.mark.parametrize("kind", ["query", "form", "json", "json in strings"])
def test_every_way_to_pass_parameters(api: Api, anna: Person, kind: str) -> None:
    given = {"chat_id": anna.id, "text": "Äpfel & Birnen", "protect_content": True, "reply_markup": OK}
    strings = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    path = "/bot1:TEST/sendMessage"
    if kind == "query":
        answer = api.exchange(f"{path}?{urlencode(strings)}")
    elif kind == "form":
        answer = api.exchange(path, urlencode(strings).encode(), "application/x-www-form-urlencoded")
    else:
        body = json.dumps(given if kind == "json" else strings).encode()
        answer = api.exchange(path, body, "application/json")
    assert answer[0] == 200
    message = anna.last()
    assert (message.text, message.protected, message.buttons) == ("Äpfel & Birnen", True, ["OK"])


def test_multipart_without_files(api: Api, anna: Person) -> None:
    assert api.upload("sendMessage", {}, chat_id=anna.id, text="Hallo", reply_markup=OK)["ok"]
    assert anna.last().buttons == ["OK"]


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": "", "text": "x"}, "chat_id is empty"),
        ({"chat_id": 12, "text": "x"}, "chat not found"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"chat_id": "x", "text": "x"}, 'parameter "chat_id" must be of type Integer'),
        ({}, "message text is empty"),
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "text must be non-empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"text": 7}, 'parameter "text" must be of type String'),
        ({"text": "x", "colour": "red"}, 'unknown parameter "colour" of sendMessage'),
        ({"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"text": "<x>", "parse_mode": "HTML"}, 'can\'t parse entities: Unsupported start tag "x" at byte offset 0'),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x", "protect_content": "maybe"}, 'parameter "protect_content" must be of type Boolean'),
        ({"text": "x", "business_connection_id": "7"}, "business connection not found"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "x", "reply_parameters": {"message": 99}}, 'unknown field "message" in parameter "reply_parameters"'),
        ({"text": "x", "reply_parameters": {}}, 'parameter "reply_parameters" lacks the field "message_id"'),
        ({"text": "x", "link_preview_options": {"off": 1}}, 'unknown field "off" in parameter "link_preview_options"'),
        ({"text": "x", "reply_markup": "{"}, 'can\'t parse parameter "reply_markup" as JSON'),
        ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
        ({"text": "x", "reply_markup": {"keyboard": []}}, '"keyboard" in a reply markup is not supported here'),
        ({"text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "ENTITY_BOUNDS_INVALID"),
    ],
)
def test_what_cannot_be_sent_is_refused(api: Api, anna: Person, parameters: dict[str, Any], refusal: str) -> None:
    if "chat_id" not in parameters and refusal != "chat_id is empty":
        parameters = {"chat_id": anna.id, **parameters}
    before = anna.messages
    assert api.refusal("sendMessage", **parameters) == f"400 Bad Request: {refusal}"
    assert anna.messages == before


@pytest.mark.parametrize(
    ("button", "refusal"),
    [
        ({"text": "x", "callback_data": "ä" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        (
            {"text": "x", "callback_data": "x", "url": "https://a.de"},
            "can't parse inline keyboard button: exactly one action is allowed",
        ),
        ({"text": " ", "callback_data": "x"}, 'can\'t parse inline keyboard button: Field "text" must be non-empty'),
        ({"text": "x", "url": "a b"}, "inline keyboard button URL 'a b' is invalid: Wrong HTTP URL"),
        ({"text": 1, "url": "a"}, 'can\'t parse inline keyboard button: Field "text" must be of type String'),
        ({"text": "x", "pay": True}, 'can\'t parse inline keyboard button: field "pay" is not supported here'),
    ],
)
def test_a_button_is_checked(api: Api, anna: Person, button: dict[str, Any], refusal: str) -> None:
    refused = api.refusal("sendMessage", chat_id=anna.id, text="x", reply_markup=keyboard(button))
    assert refused == f"400 Bad Request: {refusal}"


def test_limits_count_what_remains_after_parsing(api: Api, anna: Person, png: bytes) -> None:
    api.do("sendMessage", chat_id=anna.id, text="<b>" + "x" * 4096 + "</b>", parse_mode="HTML")
    api.do("sendMessage", chat_id=anna.id, text="&amp;" * 4096, parse_mode="HTML")
    fits = keyboard({"text": "x", "callback_data": "ä" * 32})
    api.do("sendMessage", chat_id=anna.id, text="x", reply_markup=fits)
    picture = {"photo": ("a.png", png, "image/png")}
    assert api.upload("sendPhoto", picture, chat_id=anna.id, caption="x" * 1024)["ok"]
    refused = api.upload("sendPhoto", picture, chat_id=anna.id, caption="😀" * 513)
    assert refused["description"] == "Bad Request: message caption is too long"


def test_too_many_buttons(api: Api, anna: Person) -> None:
    many = {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}
    refused = api.refusal("sendMessage", chat_id=anna.id, text="x", reply_markup=many)
    assert refused == "400 Bad Request: reply markup is too long"


def test_entities_and_replies_are_passed_on(api: Api, anna: Person) -> None:
    asked = anna.writes("Frage")
    sent = api.do(
        "sendMessage",
        chat_id=anna.id,
        text="Antwort",
        entities=[{"type": "italic", "offset": 0, "length": 3}],
        reply_parameters={"message_id": asked.id},
    )
    assert sent["reply_to_message"]["text"] == "Frage"
    assert sent["entities"] == [{"type": "italic", "offset": 0, "length": 3}]
    lonely = {"message_id": 99, "allow_sending_without_reply": True}
    assert "reply_to_message" not in api.do("sendMessage", chat_id=anna.id, text="x", reply_parameters=lonely)


def test_nobody_is_written_to_who_has_not_begun(api: Api, telegram: Telegram) -> None:
    bernd = telegram.person("Bernd")
    refused = api.refusal("sendMessage", chat_id=bernd.id, text="x")
    assert refused == "403 Forbidden: bot can't initiate conversation with a user"
    bernd.writes("Hallo")
    api.do("sendMessage", chat_id=bernd.id, text="x")
    bernd.blocks()
    blocked = "403 Forbidden: bot was blocked by the user"
    assert api.refusal("sendMessage", chat_id=bernd.id, text="x") == blocked
    assert api.refusal("editMessageText", chat_id=bernd.id, message_id=bernd.last().id, text="y") == blocked
    bernd.unblocks()
    api.do("sendMessage", chat_id=bernd.id, text="x")


def test_photos_and_documents_go_up_and_down(api: Api, anna: Person, png: bytes, jpeg: bytes) -> None:
    photo = api.upload("sendPhoto", {"photo": ("a.png", png, "image/png")}, chat_id=anna.id, caption="Bild")["result"]
    assert (photo["photo"][-1]["width"], photo["photo"][-1]["height"]) == (40, 30)
    assert (anna.last().photo, anna.last().caption, anna.last().text) == (png, "Bild", "")
    again = api.do("sendPhoto", chat_id=anna.id, photo=photo["photo"][-1]["file_id"], has_spoiler=True)
    assert again["has_media_spoiler"]
    assert api.upload("sendPhoto", {"photo": ("a.jpg", jpeg, "image/jpeg")}, chat_id=anna.id)["ok"]

    attached = {"x": ("Termin ä.ics", b"BEGIN", "text/calendar")}
    document = api.upload("sendDocument", attached, chat_id=anna.id, document="attach://x")["result"]["document"]
    assert (document["file_name"], document["mime_type"], document["file_size"]) == ("Termin ä.ics", "text/calendar", 5)
    shown = anna.last().document
    assert shown is not None
    assert shown.content == b"BEGIN"

    path = api.do("getFile", file_id=photo["photo"][-1]["file_id"])["file_path"]
    assert api.exchange(f"/file/bot1:TEST/{path}") == (200, png)
    assert api.exchange("/file/bot1:TEST/photos/none.png")[0] == 404
    assert api.exchange(f"/file/bot1:WRONG/{path}")[0] == 404


def test_files_are_checked(api: Api, anna: Person, png: bytes) -> None:
    def photo(content: bytes) -> str:
        answer = api.upload("sendPhoto", {"photo": ("a.png", content, "image/png")}, chat_id=anna.id)
        return str(answer["description"])

    assert photo(b"no image") == "Bad Request: IMAGE_PROCESS_FAILED"
    assert photo(b"") == "Bad Request: file must be non-empty"
    assert photo(image(size=(2100, 100))) == "Bad Request: PHOTO_INVALID_DIMENSIONS"
    assert photo(png + bytes(10 << 20)) == "Bad Request: file is too big"
    assert api.refusal("sendPhoto", chat_id=anna.id) == "400 Bad Request: there is no photo in the request"
    nowhere = api.refusal("sendDocument", chat_id=anna.id, document="attach://x")
    assert nowhere == "400 Bad Request: there is no document in the request"
    unknown = api.refusal("sendPhoto", chat_id=anna.id, photo="AgAC")
    assert unknown == "400 Bad Request: wrong file identifier/HTTP URL specified"
    document = api.upload("sendDocument", {"document": ("a.txt", b"x", "text/plain")}, chat_id=anna.id)["result"]
    wrong = api.refusal("sendPhoto", chat_id=anna.id, photo=document["document"]["file_id"])
    assert wrong == "400 Bad Request: can't use file of type Document as Photo"
    assert api.refusal("getFile", file_id="x") == "400 Bad Request: invalid file_id"


def test_texts_are_edited(api: Api, anna: Person, clock: Clock) -> None:
    sent = api.do("sendMessage", chat_id=anna.id, text="<b>eins</b>", parse_mode="HTML", reply_markup=OK)
    here = {"chat_id": anna.id, "message_id": sent["message_id"]}
    assert (
        api.refusal("editMessageText", **here, text="<b>eins</b>", parse_mode="HTML", reply_markup=OK) == NOT_MODIFIED
    )
    assert api.refusal("editMessageText", **here, text="x" * 4097) == "400 Bad Request: MESSAGE_TOO_LONG"
    clock.seconds = 60
    edited = api.do("editMessageText", **here, text="eins", reply_markup=OK)
    assert edited["edit_date"] - edited["date"] == 60
    assert anna.last().edited
    without = api.do("editMessageText", **here, text="eins")
    assert "reply_markup" not in without
    assert api.refusal("editMessageText", **here, text="eins") == NOT_MODIFIED
    assert api.do("editMessageReplyMarkup", **here, reply_markup=OK)["reply_markup"] == OK
    assert api.refusal("editMessageReplyMarkup", **here, reply_markup=OK) == NOT_MODIFIED
    api.do("editMessageReplyMarkup", **here)
    assert anna.last().buttons == []


def test_captions_and_media_are_edited(api: Api, anna: Person, png: bytes) -> None:
    sent = api.upload("sendPhoto", {"photo": ("a.png", png, "image/png")}, chat_id=anna.id, caption="alt")["result"]
    here = {"chat_id": anna.id, "message_id": sent["message_id"]}
    assert api.do("editMessageCaption", **here, caption="neu", reply_markup=OK)["caption"] == "neu"
    assert api.refusal("editMessageCaption", **here, caption="neu", reply_markup=OK) == NOT_MODIFIED
    no_text = "400 Bad Request: there is no text in the message to edit"
    assert api.refusal("editMessageText", **here, text="x") == no_text
    other = image(size=(10, 10))
    media = {"type": "photo", "media": "attach://new", "caption": "<i>c</i>", "parse_mode": "HTML"}
    assert api.upload("editMessageMedia", {"new": ("b.png", other, "image/png")}, **here, media=media)["ok"]
    assert (anna.last().photo, anna.last().caption, anna.last().buttons) == (other, "c", [])
    video = {"type": "video", "media": "x"}
    refused = api.refusal("editMessageMedia", **here, media=video)
    assert refused == "400 Bad Request: media of type video is not supported here"

    text = api.do("sendMessage", chat_id=anna.id, text="x")
    there = {"chat_id": anna.id, "message_id": text["message_id"]}
    no_caption = "400 Bad Request: there is no caption in the message to edit"
    assert api.refusal("editMessageCaption", **there, caption="x") == no_caption
    known = {"type": "photo", "media": sent["photo"][-1]["file_id"]}
    assert api.do("editMessageMedia", **there, media=known)["photo"] == sent["photo"]
    assert api.refusal("editMessageMedia", **there, media=known) == NOT_MODIFIED
    assert api.refusal("editMessageMedia", **there) == "400 Bad Request: media not found"


def test_only_what_is_there_and_ones_own_is_edited(api: Api, anna: Person) -> None:
    written = anna.writes("meins")

    def edit(**parameters: Any) -> str:
        return api.refusal("editMessageText", text="x", **parameters)

    assert edit(chat_id=anna.id, message_id=99) == "400 Bad Request: message to edit not found"
    assert edit(chat_id=anna.id, message_id=written.id) == "400 Bad Request: message can't be edited"
    assert edit(chat_id=anna.id) == "400 Bad Request: message identifier is not specified"
    assert edit(message_id=1) == "400 Bad Request: chat_id is empty"
    assert edit(chat_id=anna.id, inline_message_id="x").endswith('"inline_message_id" is not supported here')


def test_messages_are_deleted(api: Api, anna: Person, clock: Clock) -> None:
    sent = api.do("sendMessage", chat_id=anna.id, text="weg")
    here = {"chat_id": anna.id, "message_id": sent["message_id"]}
    api.do("pinChatMessage", **here)
    assert api.do("deleteMessage", **here)
    assert anna.pinned is None
    assert not anna.has("weg")
    assert api.refusal("deleteMessage", **here) == "400 Bad Request: message to delete not found"
    old = anna.writes("alt")
    clock.seconds = 48 * 3600 + 1
    refused = api.refusal("deleteMessage", chat_id=anna.id, message_id=old.id)
    assert refused == "400 Bad Request: message can't be deleted for everyone"


def test_messages_are_pinned(api: Api, anna: Person) -> None:
    first, second = (api.do("sendMessage", chat_id=anna.id, text=text)["message_id"] for text in "ab")
    api.do("pinChatMessage", chat_id=anna.id, message_id=first, disable_notification=True)
    api.do("pinChatMessage", chat_id=anna.id, message_id=second)
    assert anna.pinned
    assert anna.pinned.text == "b"
    assert api.do("getChat", chat_id=anna.id)["pinned_message"]["text"] == "b"
    assert [update["message"]["pinned_message"]["text"] for update in api.updates()] == ["a", "b"]
    api.do("unpinChatMessage", chat_id=anna.id)
    assert anna.pinned.text == "a"
    api.do("unpinChatMessage", chat_id=anna.id, message_id=first)
    assert api.refusal("unpinChatMessage", chat_id=anna.id) == "400 Bad Request: message to unpin not found"
    assert api.refusal("pinChatMessage", chat_id=anna.id, message_id=99) == "400 Bad Request: message to pin not found"
