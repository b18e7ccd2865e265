"""A bare bot on python-telegram-bot: the two calls and nothing else, each update at once and in no order."""

from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram.constants import ParseMode
from telegram.ext import Application, ApplicationBuilder, CallbackQueryHandler, ContextTypes
from telegram.request import BaseRequest

from benchmarks.folder import Given, load_replies, position


def run(given: Given, request: BaseRequest | None = None, get_updates_request: BaseRequest | None = None) -> None:
    """Poll until SIGTERM; without requests on PTB's default client."""
    replies = load_replies(given.folder)

    async def press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None or query.message is None:
            return
        reply = replies[position(query.data)]
        keys = [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in reply.keyboard]
        await context.bot.answer_callback_query(query.id, reply.toast, show_alert=False)
        await context.bot.edit_message_text(
            reply.text, query.message.chat.id, query.message.message_id, parse_mode=ParseMode.HTML,
            reply_markup=InlineKeyboardMarkup(keys), link_preview_options=LinkPreviewOptions(is_disabled=True),
        )  # fmt: skip

    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any] = Application.builder()
    # By default PTB handles one update after another; nobody would leave it at that who expects many people.
    builder = builder.token(given.token).base_url(f"{given.api_url}/bot").concurrent_updates(True).job_queue(None)
    if request is not None and get_updates_request is not None:
        builder = builder.request(request).get_updates_request(get_updates_request)
    application = builder.build()
    application.add_handler(CallbackQueryHandler(press))
    application.run_polling(allowed_updates=[Update.CALLBACK_QUERY])
