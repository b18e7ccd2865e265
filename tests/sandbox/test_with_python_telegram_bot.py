"""The real python-telegram-bot, on its default HTTP client, against the sandbox."""

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable

import pytest
import telegram as ptb
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter

from sandbox.people import Person, Telegram
from tests.sandbox.api import Api, image


def run(api: Api, story: Callable[[ptb.Bot], Awaitable[None]], token: str | None = None) -> None:
    url = api.address.url

    async def with_bot() -> None:
        async with ptb.Bot(token or api.token, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot") as bot:
            await story(bot)

    asyncio.run(with_bot())


def test_it_sends_edits_and_receives(api: Api, anna: Person, telegram: Telegram) -> None:
    channel = telegram.channel("Kanal", owner=anna)

    async def story(bot: ptb.Bot) -> None:
        assert bot.username == "dreiklang_demo_bot"
        markup = ptb.InlineKeyboardMarkup(
            [[ptb.InlineKeyboardButton("ja", callback_data="j"), ptb.InlineKeyboardButton("a", url="https://a.de")]]
        )
        sent = await bot.send_message(
            anna.id,
            "<b>Hallo</b> 😀",
            parse_mode="HTML",
            reply_markup=markup,
            protect_content=True,
            disable_notification=True,
            link_preview_options=ptb.LinkPreviewOptions(is_disabled=True),
            reply_parameters=ptb.ReplyParameters(message_id=anna.last().id),
        )
        assert sent.text_html == "<b>Hallo</b> 😀"
        assert sent.api_kwargs == {}
        edited = await bot.edit_message_text("Neu", anna.id, sent.message_id, reply_markup=markup)
        assert isinstance(edited, ptb.Message)
        with pytest.raises(BadRequest, match="Message is not modified"):
            await bot.edit_message_text("Neu", anna.id, sent.message_id, reply_markup=markup)
        await bot.edit_message_reply_markup(anna.id, sent.message_id)
        await bot.pin_chat_message(anna.id, sent.message_id, disable_notification=True)
        await bot.unpin_chat_message(anna.id)

        query_id = telegram.press(anna.id, anna.id, sent.message_id, "j")
        anna.adds_bot(channel)
        anna.writes("Hallo")
        updates = await bot.get_updates(timeout=1, allowed_updates=ptb.Update.ALL_TYPES)
        assert [update.api_kwargs for update in updates] == [{}] * 4
        assert updates[1].callback_query
        assert updates[1].callback_query.id == query_id
        await bot.answer_callback_query(query_id, "Danke", show_alert=True)
        assert updates[2].my_chat_member
        assert updates[2].my_chat_member.new_chat_member.status == "administrator"
        member = await bot.get_chat_member(channel.id, bot.id)
        assert isinstance(member, ptb.ChatMemberAdministrator)
        assert member.can_post_messages
        assert (await bot.get_chat(anna.id)).first_name == "Anna"
        assert len(await bot.get_chat_administrators(channel.id)) == 2
        await bot.delete_message(anna.id, sent.message_id)
        await bot.leave_chat(channel.id)

    run(api, story)


def test_it_sends_pictures_and_files(api: Api, anna: Person, png: bytes) -> None:
    async def story(bot: ptb.Bot) -> None:
        photo = await bot.send_photo(anna.id, png, caption="<i>Bild</i>", parse_mode="HTML")
        assert anna.last().photo == png
        file = await bot.get_file(photo.photo[-1])
        assert bytes(await file.download_as_bytearray()) == png
        await bot.edit_message_caption(anna.id, photo.message_id, caption="neu")
        other = image("JPEG")
        media = ptb.InputMediaPhoto(io.BytesIO(other), caption="anders")
        await bot.edit_message_media(media, anna.id, photo.message_id)
        assert (anna.last().photo, anna.last().caption) == (other, "anders")
        await bot.send_document(anna.id, b"BEGIN:VCALENDAR", filename="Termin.ics", caption="Termin")
        document = anna.last().document
        assert document
        assert (document.name, document.content) == ("Termin.ics", b"BEGIN:VCALENDAR")

    run(api, story)


def test_it_introduces_itself(api: Api, anna: Person, telegram: Telegram) -> None:
    async def story(bot: ptb.Bot) -> None:
        scope = ptb.BotCommandScopeAllPrivateChats()
        await bot.set_my_commands([ptb.BotCommand("hilfe", "Hilfe")], scope=scope, language_code="de")
        assert (await bot.get_my_commands(scope, "de"))[0].command == "hilfe"
        await bot.set_my_description("Lang", language_code="de")
        await bot.set_my_short_description("Kurz")
        await bot.set_webhook("http://127.0.0.1:9/", secret_token="x", max_connections=1, allowed_updates=["message"])
        assert (await bot.get_webhook_info()).max_connections == 1
        await bot.delete_webhook(drop_pending_updates=True)
        assert await bot.delete_my_commands(scope, "de")

    run(api, story)
    assert telegram.command_menu(anna.id) == []


def test_refusals_arrive_as_its_exceptions(
    api: Api, anna: Person, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else RetryAfter warns, and warnings are errors
    stranger = telegram.person("Fremd")
    group = telegram.group("Gruppe", owner=anna)
    anna.adds_bot(group)
    upgraded = group.becomes_supergroup()

    async def story(bot: ptb.Bot) -> None:
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await bot.send_message(stranger.id, "x")
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(77, "x")
        with pytest.raises(BadRequest, match="is not supported here"):
            await bot.send_dice(anna.id)
        with pytest.raises(ptb.error.ChatMigrated) as migrated:
            await bot.send_message(group.id, "x")
        assert migrated.value.new_chat_id == upgraded.id
        telegram.limits.enforced = True
        for _ in range(3):
            await bot.send_message(anna.id, "x")
        with pytest.raises(RetryAfter) as flood:
            await bot.send_message(anna.id, "x")
        assert flood.value.retry_after
        telegram.limits.enforced = False
        telegram.fail_next("sendMessage", 502)
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(anna.id, "x")
        telegram.cut_next("sendMessage")
        with pytest.raises(NetworkError):
            await bot.send_message(anna.id, "kam an")
        assert anna.has("kam an")

    run(api, story)
    with pytest.raises(InvalidToken), contextlib.suppress(asyncio.CancelledError):
        run(api, story, token="1:WRONG")


def test_a_second_poller_ends_the_first(api: Api, anna: Person, telegram: Telegram) -> None:
    polls = telegram.updates.poller

    async def story(bot: ptb.Bot) -> None:
        first = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.to_thread(telegram.wait_for, lambda: telegram.updates.poller > polls, 5)
        anna_writes = asyncio.to_thread(anna.writes, "Hallo")
        second = Api(api.telegram, api.address)
        await asyncio.to_thread(second.do, "getUpdates", timeout=0)
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        await anna_writes

    run(api, story)
