"""Every refusal in words: what is the matter, and what to do now."""

from core.rules.refusal import Reason, Refusal
from screens.l10n import N_, Texts

WORDS = {
    Reason.NOT_A_MEMBER: N_("To take part you need a personal invitation link. You get it from your coordination."),
    Reason.NOT_A_COORDINATOR: N_("Only the coordination can do this."),
    Reason.NOT_FOUND: N_("This no longer exists. Please open the menu with /menu."),
    Reason.STALE_BUTTON: N_("This button no longer works. Please open the menu with /menu."),
    Reason.NOT_UNDERSTOOD: N_("I did not understand that. Please use the buttons, or open the menu with /menu."),
    Reason.NOTHING_TO_UNDO: N_("There is nothing left to undo."),
    Reason.LINK_UNKNOWN: N_("This link is not known. Please check whether it is complete, or ask your coordination."),
    Reason.LINK_USED: N_("This link has already been used. Please ask your coordination for a new one."),
    Reason.LINK_EXPIRED: N_("This link has expired. Please ask your coordination for a new one."),
    Reason.LINK_REVOKED: N_("This link has been replaced or withdrawn. Please ask your coordination for a new one."),
    Reason.LINK_FULL: N_("All places of this link are taken. Please ask your coordination for a new one."),
    Reason.NAME_EMPTY: N_("A name needs at least one letter. Please write it again."),
    Reason.NAME_TOO_LONG: N_(
        "“{start}…” has {length} characters; at most {limit} are possible. Nothing was saved; please shorten it."
    ),
    Reason.NAME_TAKEN: N_("There is already a municipality with this name."),
    Reason.TEXT_EMPTY: N_("There is no text in this message. Please write it again."),
    Reason.TEXT_TOO_LONG: N_("This text has {length} characters; at most {limit} are possible. Please shorten it."),
    Reason.TOO_MANY_LINES: N_("These are {length} lines; at most {limit} at a time are possible."),
    Reason.DEPARTMENT_NOT_EMPTY: N_("There are still people in {name}. Please remove or move them first."),
    Reason.SEAT_TAKEN: N_("{department} already has a contact person: {name}."),
    Reason.ALREADY_CONNECTED: N_("{name} is already connected and needs no link."),
    Reason.LAST_COORDINATOR: N_("{name} is the last coordinator. Please invite another one first."),
    Reason.LAST_TO_COORDINATE: N_(
        "You are the last coordinator. Please invite another one first. If there is nobody, ask whoever runs the bot."
    ),
    Reason.CHANNEL_IS_PUBLIC: N_("“{title}” is public. Results may only go to a private channel or group."),
    Reason.CHANNEL_IS_TAKEN: N_("“{title}” already belongs to another municipality."),
    Reason.CHANNEL_IS_GONE: N_("This channel is no longer known. Please add the bot to it again."),
    Reason.SETUP_INCOMPLETE: N_(
        "Before the first round, record what it is about and how staff council and data protection are involved."
    ),
    Reason.ROUND_RUNNING: N_("A round is already planned or open. Only one is possible at a time."),
    Reason.ROUND_NOT_PLANNED: N_("This round has already opened or been taken back."),
    Reason.ROUND_OVER: N_("This round is closed. Your answer no longer counts."),
    Reason.NOT_INVITED: N_("You joined after this round opened. You take part from the next one on."),
    Reason.NOBODY_TO_INVITE: N_("Nobody is connected yet. Please invite people first."),
    Reason.NEEDS_ANOTHER_COORDINATOR: N_("You proposed this yourself. Another coordinator has to approve it."),
    Reason.STATEMENT_DECIDED: N_("This statement has already been decided on, or it no longer exists."),
    Reason.STATEMENT_KNOWN: N_("This statement already exists, in the question bank or among your own ones."),
    Reason.TOO_MANY_STATEMENTS: N_("There are already {limit} own statements. Please retire one first."),
    Reason.NOT_EXTENDABLE: N_(
        "This round cannot be kept open for longer: this is possible once, on its last day, while fewer people than "
        "necessary have taken part."
    ),
    Reason.DATE_NOT_UNDERSTOOD: N_("I did not understand this date. Please write it like this: 14.12.2026 9:00"),
    Reason.DAY_NOT_UNDERSTOOD: N_("I did not understand this day. Please write it like this: until 14.12."),
    Reason.PLAN_GONE: N_("There is no such plan any more."),
    Reason.TOO_MANY_PERIODS: N_("There are already {limit} entries. Please remove one first."),
    Reason.PERIOD_NOT_UNDERSTOOD: N_(
        "I did not understand these days. Please write them like this: 24.12.–31.12.2026."
    ),
    Reason.PERIOD_BACKWARDS: N_("The last day is before the first one. Please write it again."),
    Reason.DATE_IN_THE_PAST: N_("This date has passed. Please name a later one."),
    Reason.DATE_TOO_FAR: N_("This date is more than a year away. Please name an earlier one."),
    Reason.DATE_IN_THE_FUTURE: N_("This date is still to come. Please name today or an earlier day."),
}


def words(t: Texts, refusal: Refusal) -> str:
    """Plain text, for a toast or, escaped, for a message."""
    return t.plain(WORDS[refusal.reason], **refusal.details)


def incident(t: Texts, number: str) -> str:
    return t.plain(
        N_("Something went wrong on our side. Nothing was changed. Please try again later. Incident {number}"),
        number=number,
    )
