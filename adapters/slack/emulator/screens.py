"""What people see: conversations, messages, the Home tab and modals."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from adapters.slack.emulator.content import block_text, pressable, reading_of
from adapters.slack.emulator.state import ChannelState, FileState, MessageState, TeamState, ViewState
from adapters.slack.emulator.wire import Json
from adapters.slack.emulator.world import World


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its readers see it now."""

    world: World
    channel: ChannelState
    state: MessageState

    @property
    def ts(self) -> str:
        return self.state.ts

    @property
    def thread_ts(self) -> str:
        """The `ts` of the message that opened its thread (maybe itself); "" where there is no thread."""
        return self.state.thread_ts

    @property
    def from_app(self) -> bool:
        return self.state.bot == self.world.teams[self.channel.team].bot

    @property
    def text_content(self) -> str:
        """What a person reads: the stream, then the blocks; without either, the text."""
        reading = reading_of(self.state)
        return reading if self.from_app else unescape(reading)

    @property
    def fallback(self) -> str:
        """The `text` that notifications show."""
        return self.state.text

    @property
    def versions(self) -> list[str]:
        """Every text it has ever shown, the present one last."""
        return self.state.versions

    @property
    def blocks(self) -> list[Json]:
        return self.state.shown_blocks

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons, in reading order."""
        return [label for label, _, _ in labelled(self.blocks)]

    @property
    def files(self) -> list[FileState]:
        return self.state.files

    @property
    def metadata(self) -> Json | None:
        return self.state.metadata

    @property
    def is_streaming(self) -> bool:
        return self.world.is_live(self.state)

    @property
    def was_streamed(self) -> bool:
        return self.state.stream is not None

    @property
    def task_cards(self) -> list[Json]:
        """The tasks of the stream as they stand now: id, title, status, …"""
        stream = self.state.shown_stream
        return list(stream.tasks.values()) if stream is not None else []

    @property
    def reactions(self) -> dict[str, list[str]]:
        """Emoji name → user ids."""
        return {name: users for name, users in self.state.reactions.items() if users}

    @property
    def is_edited(self) -> bool:
        return bool(self.state.edited)

    @property
    def is_deleted(self) -> bool:
        return self.state.deleted


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation as one who sits in it sees it."""

    world: World
    team: TeamState
    state: ChannelState

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def messages(self) -> list[Message]:
        """What everybody in it sees now, replies in threads included, the oldest first."""
        return [self._view(one) for one in self.state.visible]

    @property
    def replies(self) -> list[Message]:
        """The app's messages, the oldest first."""
        return [message for message in self.messages if message.from_app]

    def thread(self, thread: "str | Message") -> list[Message]:
        """A thread from its first message on."""
        return [self._view(one) for one in self.state.thread(ts_of(thread))]

    def message(self, ts: str) -> Message | None:
        found = self.state.message(ts)
        return None if found is None else self._view(found)

    def status(self, thread: "str | Message" = "") -> str:
        """The status line shown there now, or ""."""
        status = self.state.statuses.get(ts_of(thread))
        return status.shown_at(self.world.clock.monotonic()) if status is not None else ""

    def session(self, thread: "str | Message" = "") -> str:
        """The status of the agent session: processing, active, suspended, closed; "" when there is none."""
        session = self.state.sessions.get(ts_of(thread))
        return session.status if session is not None else ""

    def session_history(self, thread: "str | Message" = "") -> list[str]:
        """Every status that the session was given, the oldest first."""
        session = self.state.sessions.get(ts_of(thread))
        return session.history if session is not None else []

    def title(self, thread: "str | Message" = "") -> str:
        """What the conversation is called in the list of conversations."""
        session = self.state.sessions.get(ts_of(thread))
        titled = session.title if session is not None else ""
        return titled or self.state.titles.get(ts_of(thread), "")

    @property
    def suggestions(self) -> list[tuple[str, str]]:
        """The suggested prompts shown at the empty conversation: (title, message)."""
        shown = self.state.prompts.get("")
        return shown.prompts if shown is not None else []

    def _view(self, state: MessageState) -> Message:
        return Message(self.world, self.state, state)


@dataclass(frozen=True, slots=True)
class View:
    """A modal or a Home tab on the screen of one person."""

    team: TeamState
    state: ViewState

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def blocks(self) -> list[Json]:
        return list(self.state.view.get("blocks", []))

    @property
    def text_content(self) -> str:
        """All that is written in it, block by block."""
        return "\n".join(text for text in map(block_text, self.blocks) if text)

    @property
    def buttons(self) -> list[str]:
        return [label for label, _, _ in labelled(self.blocks)]

    @property
    def title(self) -> str:
        return str((self.state.view.get("title") or {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        return str(self.state.view.get("callback_id", ""))

    @property
    def private_metadata(self) -> str:
        return str(self.state.view.get("private_metadata", ""))

    @property
    def errors(self) -> dict[str, str]:
        """What the app found wrong at the last submission, by `block_id`."""
        return dict(self.state.view.get("errors", {}))

    @property
    def is_open(self) -> bool:
        return not self.state.closed

    @property
    def inputs(self) -> list[str]:
        """The labels of what is to be filled in."""
        return [str(block["label"]["text"]) for block in self.blocks if block.get("type") == "input"]

    def value(self, name: str) -> str:
        """What stands in an input already; `name` as in `User.submits`."""
        block = find_input(self.blocks, name)
        return "" if block is None else str(block["element"].get("initial_value", ""))

    def options(self, name: str) -> list[str]:
        """The texts of a select's options; `name` as in `User.submits`."""
        block = find_input(self.blocks, name)
        return [] if block is None else [str(one["text"]["text"]) for one in block["element"].get("options", [])]


def ts_of(thread: "str | Message | None") -> str:
    """The `ts` of a thread named by it, or by its first message, or by a message in it."""
    if isinstance(thread, Message):
        return thread.thread_ts or thread.ts
    return thread or ""


def labelled(blocks: list[Json]) -> Iterator[tuple[str, Json, Json]]:
    """(label, block, action) of every button, in reading order; `action` is what a press of it tells the app."""
    for block, element in pressable(blocks):
        match element.get("type"):
            case "button":
                yield str(element["text"]["text"]), block, _pressed(block, element)
            case "icon_button":
                yield str(element["text"]["text"]), block, _pressed(block, element)
            case "feedback_buttons":
                for choice in (element["positive_button"], element["negative_button"]):
                    pressed = _pressed(block, element) | {"text": choice["text"], "value": choice["value"]}
                    yield str(choice["text"]["text"]), block, pressed
            case _:
                pass


def _pressed(block: Json, element: Json) -> Json:
    kept = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
    return {
        "type": element["type"],
        "action_id": element.get("action_id", "unnamed"),
        "block_id": block.get("block_id", "unnamed"),
    } | kept


def find_input(blocks: list[Json], name: str) -> Json | None:
    """The input block whose `block_id` or `action_id` is `name`, or whose label has it in it."""
    inputs = [block for block in blocks if block.get("type") == "input"]
    for block in inputs:
        if name in (block.get("block_id"), block["element"].get("action_id")):
            return block
    return next((block for block in inputs if name.lower() in str(block["label"]["text"]).lower()), None)
