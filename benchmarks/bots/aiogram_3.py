"""A bare bot on aiogram 3: the two calls and nothing else."""

import asyncio

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions

from benchmarks.folder import Given, load_replies, position


async def main(given: Given) -> None:
    replies = load_replies(given.folder)
    dispatcher = Dispatcher()

    @dispatcher.callback_query()
    async def press(query: CallbackQuery, bot: Bot) -> None:
        if query.message is None:
            return
        reply = replies[position(query.data)]
        keys = [[InlineKeyboardButton(text=label, callback_data=data) for label, data in r] for r in reply.keyboard]
        await bot.answer_callback_query(query.id, reply.toast, show_alert=False)
        await bot.edit_message_text(
            reply.text, chat_id=query.message.chat.id, message_id=query.message.message_id, parse_mode=ParseMode.HTML,
            reply_markup=InlineKeyboardMarkup(inline_keyboard=keys),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )  # fmt: skip

    session = AiohttpSession(api=TelegramAPIServer.from_base(given.api_url))
    await dispatcher.start_polling(Bot(given.token, session), allowed_updates=["callback_query"])


if __name__ == "__main__":
    asyncio.run(main(Given.on_the_command_line()))
