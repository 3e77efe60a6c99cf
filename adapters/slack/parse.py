"""One delivery of Slack as one event of ours, or nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.slack import pages
from adapters.slack.address import NAME, UMBRELLA, Handle, command, is_word, place, thread_of, without_mention
from adapters.slack.attachments import attachments
from adapters.slack.markup import heard, written
from bot.domain.incoming import (
    Command,
    Filled,
    Incoming,
    Opened,
    Payload,
    Press,
    Reaction,
    Sender,
    StopRequest,
    UserDeletion,
    UserEdit,
    UserMessage,
)
from bot.domain.place import Place, Ref

Json = Mapping[str, Any]

_SPEECH = frozenset({"", "file_share", "thread_broadcast", "me_message"})
_TOMBSTONE = "tombstone"
_SLACKBOT = "USLACKBOT"
_OPENED = {"home": "home", "messages": "chat"}
_EMOJI = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "heart": "❤", "tada": "🎉", "fire": "🔥",
    "eyes": "👀", "ok_hand": "👌", "clap": "👏", "pray": "🙏", "100": "💯", "rocket": "🚀", "x": "❌",
    "white_check_mark": "✅",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Me:
    """Our app in one workspace, as `auth.test` told: ids of the app, the workspace, our user and our bot."""

    app: str
    team: str
    user: str
    bot: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An event. Not `addressed`, it concerns us only if we take part in the conversation of its place."""

    incoming: Incoming
    addressed: bool = True


@dataclass(frozen=True, slots=True)
class Shortcut:
    """The wish to ask about a message. `trigger` opens a modal for 3 seconds."""

    user: str
    channel: str
    trigger: str
    message: Json


def parse(body: Json, me: Me, now: datetime, *, commands: Collection[str] = ()) -> Heard | None:
    """The event in `body`, a request body as Bolt gives it; None when it is none of our business.

    Nothing is heard of bots, of ourselves, of joins and topics, and of what was said at the top of a channel without
    naming us. `now` is the time of deliveries that carry none. `commands` are the names that `/switchboard name` and
    `!name` know; what begins with any other word is a question, but for a single word. The sender's name and locale
    stay empty.
    """
    if "command" in body:
        return _slash(body, me, now, commands)
    match body.get("type"):
        case "event_callback":
            return _event(body, me, now, commands)
        case "block_actions":
            return _press(body, me, now)
        case "view_submission":
            return _submission(body, me, now)
        case _:
            return None


def shortcut(body: Json) -> Shortcut | None:
    """The wish in `body`; None when it is no press of our message shortcut."""
    if body.get("type") != "message_action" or body.get("callback_id") != pages.ASK:
        return None
    message = body.get("message")
    user = _id(body.get("user"))
    trigger = str(body.get("trigger_id") or "")
    if not isinstance(message, Mapping) or not user or not trigger:
        return None
    return Shortcut(user, _id(body.get("channel")), trigger, message)


def emoji(name: str) -> str:
    """The character of Slack's emoji `name`, without skin tone, for those that mean something to us; else `:name:`."""
    plain_name = name.partition("::")[0]
    return _EMOJI.get(plain_name, f":{plain_name}:")


def _event(body: Json, me: Me, now: datetime, commands: Collection[str]) -> Heard | None:
    event = body.get("event")
    if not isinstance(event, Mapping):
        return None
    id_ = f"{NAME}:{body.get('event_id')}"
    match event.get("type"):
        case "message" | "app_mention":
            return _message(event, id_, me, now, commands)
        case "reaction_added" | "reaction_removed":
            return _reaction(event, id_, me, now)
        case "app_home_opened":
            return _opened(event, id_, me, now)
        case "agent_session_stopped":
            return _stopped(event, id_, me, now)
        case _:
            return None


def _message(event: Json, id_: str, me: Me, now: datetime, commands: Collection[str]) -> Heard | None:
    match event.get("subtype") or "":
        case "message_changed":
            return _changed(event, id_, me, now)
        case "message_deleted":
            return _deleted(event, event.get("previous_message"), id_, me, now)
        case subtype if subtype in _SPEECH:
            return _said(event, me, commands)
        case _:
            return None


def _said(event: Json, me: Me, commands: Collection[str]) -> Heard | None:
    channel, ts = str(event.get("channel") or ""), str(event.get("ts") or "")
    if not channel or not ts or not _is_human(event, me):
        return None
    mrkdwn = written(event)
    bare = without_mention(mrkdwn, me.user)
    addressed = bare is not None or channel.startswith("D")
    if not addressed and not event.get("thread_ts"):
        return None
    at = _place(me, channel, event)
    ref = Ref(at, ts)
    text = heard(mrkdwn if bare is None else bare).strip()
    files = attachments(event)
    payload = _spoken(text, ref, commands)
    if payload is None or (files and isinstance(payload, Command) and payload.name not in commands):
        payload = UserMessage(ref, text, files)
    # The same words come as `message` and, when they name us, as `app_mention` too: one event, whichever is first.
    incoming = Incoming(f"{NAME}:{me.team}:{channel}:{ts}", at, Sender(str(event["user"])), _time(ts), payload)
    return Heard(incoming, addressed)


def _spoken(text: str, ref: Ref | None, commands: Collection[str]) -> Payload | None:
    """The command in `text`; None when it is none."""
    line = command(text, commands)
    if line is None:
        return None
    if line.name == UMBRELLA:
        return _umbrella(line.arguments, ref, commands)
    return Command(ref, line.name, line.arguments)


def _umbrella(text: str, ref: Ref | None, commands: Collection[str]) -> Payload:
    """What `/switchboard text` means."""
    if not text:
        return Command(ref, "help")
    if (line := command(text, commands)) is not None:
        return Command(ref, line.name, line.arguments)
    name, _, arguments = text.partition(" ")
    if name.lower() in commands:
        return Command(ref, name.lower(), arguments.strip())
    return Command(ref, text.lower()) if is_word(text) else UserMessage(ref, text)


def _changed(event: Json, id_: str, me: Me, now: datetime) -> Heard | None:
    """An edit, if a person made one: Slack tells of unfurled links and first thread replies in the same way."""
    message, before = event.get("message"), event.get("previous_message")
    channel = str(event.get("channel") or "")
    if not isinstance(message, Mapping) or not channel:
        return None
    before = before if isinstance(before, Mapping) else {}
    if message.get("subtype") == _TOMBSTONE:
        return _deleted({**event, "deleted_ts": message.get("ts")}, before, id_, me, now)
    if not _is_human(message, me) or not message.get("edited") or message.get("edited") == before.get("edited"):
        return None
    mrkdwn, old = written(message), written(before)
    if mrkdwn == old:
        return None
    bare = without_mention(mrkdwn, me.user)
    text = heard(mrkdwn if bare is None else bare).strip()
    if not text and not attachments(message):
        return None
    at = _place(me, channel, message)
    addressed = channel.startswith("D") or bare is not None or without_mention(old, me.user) is not None
    edit = UserEdit(Ref(at, str(message["ts"])), text)
    return Heard(Incoming(id_, at, Sender(str(message["user"])), _event_time(event, now), edit), addressed)


def _deleted(event: Json, before: object, id_: str, me: Me, now: datetime) -> Heard | None:
    channel, ts = str(event.get("channel") or ""), str(event.get("deleted_ts") or "")
    if not channel or not ts or not isinstance(before, Mapping) or not _is_human(before, me):
        return None
    at = _place(me, channel, {"ts": ts, "thread_ts": before.get("thread_ts")})
    addressed = channel.startswith("D") or without_mention(written(before), me.user) is not None
    incoming = Incoming(id_, at, Sender(str(before["user"])), _event_time(event, now), UserDeletion(Ref(at, ts)))
    return Heard(incoming, addressed)


def _reaction(event: Json, id_: str, me: Me, now: datetime) -> Heard | None:
    """A reaction to a message of ours. The event knows neither the thread nor the person's other reactions."""
    item, user = event.get("item"), str(event.get("user") or "")
    if not isinstance(item, Mapping) or item.get("type") != "message" or not user or user == me.user:
        return None
    if event.get("item_user") != me.user:
        return None
    at = place(me.team, str(item["channel"]))
    shown = (emoji(str(event.get("reaction") or "")),) if event.get("type") == "reaction_added" else ()
    reaction = Reaction(Ref(at, str(item["ts"])), shown)
    return Heard(Incoming(id_, at, Sender(user), _event_time(event, now), reaction))


def _opened(event: Json, id_: str, me: Me, now: datetime) -> Heard | None:
    user = str(event.get("user") or "")
    view = _OPENED.get(str(event.get("tab")))
    if not user or view is None:
        return None
    at = place(me.team, str(event.get("channel") or user))
    opened = Opened("home" if view == "home" else "chat")
    return Heard(Incoming(id_, at, Sender(user), _event_time(event, now), opened))


def _stopped(event: Json, id_: str, me: Me, now: datetime) -> Heard | None:
    channel, user = str(event.get("channel") or ""), str(event.get("user") or "")
    if not channel or not user:
        return None
    at = place(me.team, channel, str(event.get("thread_ts") or ""))
    return Heard(Incoming(id_, at, Sender(user), _event_time(event, now), StopRequest()))


def _slash(body: Json, me: Me, now: datetime, commands: Collection[str]) -> Heard | None:
    user, trigger = str(body.get("user_id") or ""), str(body.get("trigger_id") or "")
    name = str(body.get("command") or "").removeprefix("/").lower()
    if not user or not trigger or not name:
        return None
    text = heard(str(body.get("text") or "")).strip()
    payload = _umbrella(text, None, commands) if name == UMBRELLA else Command(None, name, text)
    # A private matter, wherever it was typed.
    at = place(me.team, user)
    return Heard(Incoming(f"{NAME}:{me.team}:{trigger}", at, Sender(user), now, payload))


def _press(body: Json, me: Me, now: datetime) -> Heard | None:
    actions, user = body.get("actions"), _id(body.get("user"))
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], Mapping) else {}
    value = action.get("value")
    if not isinstance(value, str) or not value or not user:
        return None
    container = body.get("container")
    container = container if isinstance(container, Mapping) else {}
    channel, ts = str(container.get("channel_id") or _id(body.get("channel"))), str(container.get("message_ts") or "")
    message = body.get("message")
    thread = container.get("thread_ts") or (message.get("thread_ts") if isinstance(message, Mapping) else None)
    trigger = str(body.get("trigger_id") or "")
    id_ = f"{NAME}:{me.team}:{trigger}:{action.get('action_ts') or ''}"
    if not channel or not ts:
        view = body.get("view")
        at_home = isinstance(view, Mapping) and view.get("type") == "home"
        press = Press(value, None, str(Handle(me.team, user, trigger=trigger)), at_home)
        return Heard(Incoming(id_, place(me.team, user), Sender(user), now, press))
    at = _place(me, channel, {"ts": ts, "thread_ts": thread})
    ref = None if container.get("is_ephemeral") else Ref(at, ts)
    press = Press(value, ref, str(Handle(me.team, user, channel, at.topic, trigger)))
    return Heard(Incoming(id_, at, Sender(user), now, press))


def _submission(body: Json, me: Me, now: datetime) -> Heard | None:
    view, user = body.get("view"), _id(body.get("user"))
    if not isinstance(view, Mapping) or not user:
        return None
    id_ = f"{NAME}:{me.team}:{body.get('trigger_id') or view.get('id')}"
    if question := pages.asked(view):
        return Heard(Incoming(id_, place(me.team, user), Sender(user), now, UserMessage(None, question)))
    if (form := pages.filled(view)) is not None:
        at = place(me.team, form.channel or user, form.thread)
        return Heard(Incoming(id_, at, Sender(user), now, Filled(form.action, form.text)))
    return None


def _place(me: Me, channel: str, message: Json) -> Place:
    thread = thread_of(channel, str(message.get("ts") or ""), str(message.get("thread_ts") or ""))
    return place(me.team, channel, thread)


def _is_human(message: Json, me: Me) -> bool:
    user = message.get("user")
    if not isinstance(user, str) or user in ("", me.user, _SLACKBOT):
        return False
    return not message.get("bot_id") and message.get("subtype") != "bot_message"


def _id(value: object) -> str:
    return str(value.get("id") or "") if isinstance(value, Mapping) else ""


def _time(ts: str) -> datetime:
    """A message's `ts` holds the second it was posted in, before the point."""
    return datetime.fromtimestamp(float(ts), UTC)


def _event_time(event: Json, now: datetime) -> datetime:
    ts = str(event.get("event_ts") or event.get("ts") or "")
    try:
        return _time(ts)
    except (ValueError, OverflowError):
        return now
