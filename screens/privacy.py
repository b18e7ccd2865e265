"""What we promise, what we must admit, and what everybody may do: read all, get all, leave."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from core.rules.people import HOME_ZONE, Member, Role
from core.rules.privacy import Asked, Holdings, Membership, Message, OpenForm, Proposed
from screens import Document, Keyboard, Press, Screen
from screens.buttons import (
    AskLeave,
    AskLeaveHere,
    Leave,
    OpenMenu,
    Panel,
    ShowInvitation,
    ShowMyData,
    ShowPrivacy,
    ShowPrivacyInFull,
    Token,
)
from screens.figures import NAMES
from screens.l10n import N_, Texts, lines
from screens.menu import role_name, short

KINDS = {
    "invitation": N_("Invitation to a round"),
    "reminder": N_("Reminder"),
    "edit": N_("Change of an earlier message"),
    "result": N_("Result of a round"),
    "summary": N_("Summary"),
    "notice": N_("Notice"),
}
STATES = {
    "waiting": N_("waiting"),
    "in_flight": N_("being sent"),
    "sent": N_("sent"),
    "in_doubt": N_("sent or not, unclear"),
    "failed": N_("refused by Telegram"),
    "dropped": N_("not sent, too late"),
}


def short_notice(t: Texts) -> Markup:
    """Stands before every first question and every joining."""
    return Markup("\n").join(
        (
            t("Taking part is voluntary; not taking part has no disadvantages."),
            t(
                "<b>Secret:</b> no screen and no list shows whether or what you answer. The coordination only sees how "
                "many have taken part: from three on, once a day."
            ),
            t(
                "<b>Rounded:</b> totals are published, and only from five answers on; after that the single answers "
                "are destroyed. /leave deletes your data, also answers in an open round."
            ),
            t(
                "<b>Limits:</b> Telegram itself can see which buttons you press; and whoever operates the server could "
                "link answers while the round is open."
            ),
        )
    )


def in_short(t: Texts) -> Markup:
    return lines(t("<b>Data protection in short</b>"), short_notice(t))


def notice(t: Texts, member: Member | None) -> Screen:
    more = (Press(t.plain("Read the full notice"), ShowPrivacyInFull()),)
    return Screen(in_short(t), (more, *_rights(t, member), *_home(t, member)))


def full_notice(t: Texts, member: Member | None) -> Screen:
    less = (Press(t.plain("Short version"), ShowPrivacy()),)
    return Screen(in_full(t), (less, *_rights(t, member), *_home(t, member)))


def notice_for_invited(t: Texts, token: Token) -> Screen:
    return Screen(in_full(t), ((Press(t.plain("Back to the invitation"), ShowInvitation(token)),),))


def in_full(t: Texts) -> Markup:
    return lines(
        t("<b>Data protection in full</b>"),
        t(
            "<b>What is stored about you:</b> your name as you confirmed it, department and role, the number of your "
            "Telegram account, your language, which rounds you were invited to, messages of the bot to you, whether "
            "you have blocked the bot, statements that you have proposed, and the days of an absence that you "
            "reported. Your Telegram name is not stored."
        ),
        t(
            "<b>Your answers</b> lie encrypted in an urn of their own while the round is open. The urn holds "
            "neither names nor times; there is no list of who has answered. Whom to remind is decided from the urn at "
            "the moment of sending, and only there is it marked. You can change each answer until the close."
        ),
        t(
            "<b>While a round is open,</b> the coordination only sees how many have taken part: from three on, renewed "
            "once a day. It never sees who."
        ),
        t(
            "<b>At the close</b> the totals are computed once. Below five answers nothing is shown. Values are "
            "rounded, and very low and very high ones are only given as “below 10” or “90 and above”. Then the urn "
            "and its key are destroyed. The urn does not belong in any backup."
        ),
        t(
            "<b>Who receives what:</b> what you press or write goes through Telegram to the server of the bot's "
            "operator. From there messages go to you, and summaries without persons to the coordination channel. "
            "The coordination sees the register. Nobody else receives anything."
        ),
        t(
            "<b>What remains:</b> whoever knows all answers but one could work out the last one. While a round is "
            "open, whoever operates the server could link answers. Telegram can see which buttons you press. Messages "
            "in chats stay there until somebody deletes them. Published numbers stay, and statements that you proposed "
            "stay without you; they name nobody. The operator's backups contain the register for as long as they are "
            "kept."
        ),
        t(
            "<b>How long:</b> your entry in the register until you sign off or the coordination removes it; "
            "messages to you 30 days after their matter has ended; an absence until it is over; an entry that you have "
            "begun 7 days. Technical logs hold neither names nor contents."
        ),
        t(
            "<b>Your rights:</b> /mydata sends you everything that is stored about you. /leave deletes it at once, the "
            "answers of an open round first. If the coordination removes you, answers that you have given stay in the "
            "urn until the close."
        ),
    )


# Signing off


def choose_leave(t: Texts, members: Sequence[Member]) -> Screen:
    places = {m.municipality_id: m.municipality for m in members}
    keys = tuple((Press(short(name), AskLeaveHere(place)),) for place, name in places.items())
    return Screen(t("Which municipality do you want to sign off from? The others stay as they are."), (*keys, _back(t)))


def ask_leave(t: Texts, here: Sequence[Member], *, is_last: bool) -> Screen:
    """``here`` is what somebody is in one municipality; ``is_last`` says that they belong to no other."""
    first = here[0]
    text = lines(
        t("<b>Sign off from {municipality}?</b>", municipality=first.municipality),
        t(
            "<b>Deleted at once:</b> your answers in a round that is open, your entry in the register with name, "
            "department and role, your invitations to rounds, and what is stored of the bot's messages to you."
        ),
        t("With it goes everything else about your Telegram account.") if is_last else "",
        t(
            "<b>What stays:</b> published numbers, which name nobody. Messages that stand in chats already, these ones "
            "too; you can delete your own chat with the bot. And the operator's backups for as long as they are kept."
        ),
        t("The coordination is told that your place is free.") if any(is_missed(m) for m in here) else "",
        t("This cannot be undone. To come back you would need a new invitation."),
    )
    keys = ((Press(t.plain("Sign off and delete my data"), Leave(first.municipality_id)),), _back(t))
    return Screen(text, keys)


def left(t: Texts, municipality: str, elsewhere: Member | None) -> Screen:
    text = lines(
        t("<b>Your data are deleted.</b> You are signed off from {municipality}.", municipality=municipality),
        t("The messages in this chat stay here until you delete them."),
        t("If you want to come back, ask the coordination for a new invitation link."),
    )
    return Screen(text, _home(t, elsewhere))


def left_before(t: Texts, elsewhere: Member | None) -> Screen:
    """A second press, or somebody who never was in the register."""
    text = (
        t("You are signed off there; nothing about you is stored there any more.")
        if elsewhere
        else t("You are signed off. Nothing is stored about your Telegram account.")
    )
    return Screen(text, _home(t, elsewhere))


def is_missed(member: Member) -> bool:
    """Whether somebody has to be found for this place."""
    return member.role in {Role.COORDINATOR, Role.REPRESENTATIVE}


def place_free(t: Texts, gone: Member) -> Screen:
    """Tells the coordination without a name: what is stored of this message would outlive the deletion."""
    if gone.is_coordinator:
        what = t(
            "Somebody from the coordination has signed off. If you are fewer than two now, please invite somebody."
        )
    else:
        what = t(
            "The contact person of {department} has signed off. You can invite somebody new.",
            department=gone.department,
        )
    title = t("<b>{municipality}</b>", municipality=gone.municipality)
    return Screen(lines(title, what), ((Press(t.plain("To the coordination"), Panel(gone.municipality_id)),),))


# A copy of everything


def my_data(t: Texts, holdings: Holdings, lying: Mapping[int, int], now: datetime, member: Member | None) -> Screen:
    """``lying``: by round, how many of its statements lie in the urn for this person."""
    keys = ((Press(t.plain("Data protection"), ShowPrivacy()),), *_home(t, member))
    if holdings.account is None and holdings.form is None and not holdings.messages:
        return Screen(t("Nothing is stored about your Telegram account."), keys)
    text = lines(
        t("<b>Your data</b>"),
        t(
            "This file holds everything that can be linked to your Telegram account now. Your answers are not in it: "
            "of an open round it only says how many statements lie in the urn for you."
        ),
    )
    file = Document(t.plain(N_("dreiklang-my-data.json")), _everything(t, holdings, lying, now))
    # Not protected: people may save and pass on what is theirs.
    return Screen(text, keys, document=file)


def _everything(t: Texts, held: Holdings, lying: Mapping[int, int], now: datetime) -> dict[str, Any]:
    zone = held.memberships[0].zone if held.memberships else HOME_ZONE
    account = held.account
    return {
        t.plain("As of"): _moment(now, zone),
        t.plain("Note"): t.plain(
            "Without your answers, and without the texts of messages: you find those in the chat. Everything is listed "
            "that can be linked to your Telegram account in the database."
        ),
        t.plain("Telegram account"): {
            t.plain("Number"): held.telegram_id,
            t.plain("Language"): (account.locale if account else None),
            t.plain("Away from"): _day(held.away_from),
            t.plain("Away until"): _day(account.away_until if account else None),
            t.plain("Bot blocked since"): _moment(held.blocked_at, zone),
        },
        t.plain("Register"): [_membership(t, membership) for membership in held.memberships],
        t.plain("Invited to rounds"): [_asked(t, asked, lying) for asked in held.rounds],
        t.plain("Statements that you have proposed"): [_proposed(t, proposed, zone) for proposed in held.proposed],
        t.plain("Messages of the bot to you"): [_message(t, message, zone) for message in held.messages],
        t.plain("Entry that you have begun"): _form(t, held.form, zone) if held.form else None,
    }


def _membership(t: Texts, membership: Membership) -> dict[str, Any]:
    member, zone = membership.member, membership.zone
    return {
        t.plain("Municipality"): member.municipality,
        t.plain("Department"): member.department or None,
        t.plain("Role"): role_name(t, member.role, member.rank),
        t.plain("Name"): member.name,
        t.plain("Registered"): _moment(membership.since, zone),
        t.plain("Invitation links (without their secret part)"): [
            {
                t.plain("Made"): _moment(link.created_at, zone),
                t.plain("Valid until"): _moment(link.expires_at, zone),
                t.plain("Used"): link.used,
            }
            for link in membership.links
        ],
    }


def _asked(t: Texts, asked: Asked, lying: Mapping[int, int]) -> dict[str, Any]:
    round_, zone = asked.round, asked.zone
    shown: dict[str, Any] = {
        t.plain("Municipality"): asked.municipality,
        t.plain("Round"): round_.number,
        t.plain("Opened"): _moment(round_.opened_at, zone),
        t.plain("Open until"): _moment(round_.closes_at, zone),
        t.plain("Invitation prepared"): _moment(asked.told_at, zone),
        t.plain("Result prepared"): _moment(asked.ended_at, zone),
    }
    if round_.id in lying:
        shown[t.plain("Statements in the urn for you (answers or “prefer not to say”)")] = lying[round_.id]
        shown[t.plain("Statements of this round")] = asked.statements
    return shown


def _proposed(t: Texts, proposed: Proposed, zone: str) -> dict[str, Any]:
    return {
        t.plain("Municipality"): proposed.municipality,
        t.plain("Dimension"): t.plain(NAMES[proposed.dimension]),
        "Deutsch": proposed.de,
        "English": proposed.en or None,
        t.plain("Approved"): _moment(proposed.approved_at, zone),
        t.plain("Withdrawn"): _moment(proposed.retired_at, zone),
    }


def _message(t: Texts, message: Message, zone: str) -> dict[str, Any]:
    return {
        t.plain("Kind"): t.plain(KINDS[message.kind]),
        t.plain("Round"): message.round,
        t.plain("State"): t.plain(STATES[message.state]),
        t.plain("Due"): _moment(message.due_at, zone),
        t.plain("Completed"): _moment(message.ended_at, zone),
    }


def _form(t: Texts, form: OpenForm, zone: str) -> dict[str, Any]:
    return {
        t.plain("Name of the form"): form.form,
        t.plain("Entered so far"): dict(form.data),
        t.plain("Last changed"): _moment(form.changed_at, zone),
    }


def _moment(at: datetime | None, zone: str) -> str | None:
    return None if at is None else at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _rights(t: Texts, member: Member | None) -> Keyboard:
    if member is None:
        return ()
    return ((Press(t.plain("My data as a file"), ShowMyData()),), (Press(t.plain("Sign off …"), AskLeave()),))


def _back(t: Texts) -> tuple[Press, ...]:
    return (Press(t.plain("Back"), ShowPrivacy()),)


def _home(t: Texts, member: Member | None) -> Keyboard:
    return ((Press(t.plain("To the menu"), OpenMenu(member.municipality_id)),),) if member else ()
