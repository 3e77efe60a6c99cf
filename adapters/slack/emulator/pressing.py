"""What people press and fill in: buttons, slash commands, shortcuts, modals."""

from adapters.slack.emulator import payloads
from adapters.slack.emulator.deliveries import Delivery
from adapters.slack.emulator.forms import filled_in, take_command_answer, take_view_answer
from adapters.slack.emulator.person import Answered, Person
from adapters.slack.emulator.screens import Channel, Message, View, labelled
from adapters.slack.emulator.speaking import escaped
from adapters.slack.emulator.state import ChannelState, MessageState
from adapters.slack.emulator.wire import Json
from adapters.slack.manifest import RESERVED
from bot.domain.errors import Refused


class Pressing(Person):
    """The verbs of pressing and filling in."""

    async def presses(self, label: str, in_: Message | Channel | View | None = None) -> Delivery:
        """Press the newest button with this label: on a message, in a conversation, on a view; else wherever it is."""
        for found, block_action, where in self._buttons(in_):
            if found == label:
                return self._press(block_action, where)
        raise Refused(f"nothing on the screen has the button {label!r}")

    async def presses_value(self, value: str, message: Message, action_id: str = "forged") -> Delivery:
        """Send a press with `value` on a message, whether such a button exists or not (old, forged)."""
        text = {"type": "plain_text", "text": "?", "emoji": True}
        action = {"type": "button", "action_id": action_id, "block_id": "forged", "text": text, "value": value}
        return self._press(action, message)

    async def gives_feedback(self, message: Message, good: bool = True) -> Delivery:
        """Press one of the feedback buttons under a message."""
        choices = [action for _, _, action in labelled(message.blocks) if action["type"] == "feedback_buttons"]
        if not choices:
            raise Refused("the message has no feedback buttons")
        return self._press(choices[0 if good else 1], message)

    async def runs(self, command: str, text: str = "", in_: Channel | None = None) -> Delivery:
        """Give a slash command; threads know none. What it answers is an ephemeral message."""
        name = command.removeprefix("/")
        if name in RESERVED or (self._stage.commands is not None and name not in self._stage.commands):
            raise Refused(f"/{name} is no command of the app")
        channel = (in_ or self.dm).state
        self._must_be_in(channel)
        body = payloads.slash_command(self._world, self.team, self.state, f"/{name}", escaped(text.strip()), channel)

        def answered(payload: Json) -> None:
            take_command_answer(self._world, self.team, channel, self.id, payload)

        return self._stage.deliveries.push("slash_commands", body, answered)

    async def uses_shortcut(self, message: Message, callback_id: str = "ask_specialist") -> View:
        """Use a message shortcut; return the modal that the app opens."""
        before = self.modal
        body = payloads.message_action(self._world, self.team, self.state, callback_id, message.channel, message.state)
        self._push_interaction(body)
        await self._stage.bell.until(lambda: self.modal not in (None, before), "the app opens a modal")
        opened = self.modal
        assert opened is not None  # noqa: S101 - waited for just now
        return opened

    async def submits(self, modal: View, **values: str) -> Delivery:
        """Fill in a modal and submit it; it closes unless the app finds errors (`View.errors`).

        The names are those of the inputs: `block_id`, `action_id`, or a word of the label. The value of a select is
        the text of an option, or its value.
        """
        if modal.state.closed:
            raise Refused("the modal is closed")
        modal.state.view.pop("errors", None)
        body = payloads.view_submission(
            self._world, self.team, self.state, modal.state, filled_in(modal.blocks, values)
        )

        def answered(payload: Json) -> None:
            take_view_answer(self._world, self.team, modal.state, payload)

        return self._push_interaction(body, answered)

    async def closes(self, modal: View) -> None:
        """Put a modal away."""
        modal.state.closed = True
        if modal.state.view.get("notify_on_close"):
            self._push_interaction(payloads.view_closed(self._world, self.team, self.state, modal.state))

    def _buttons(self, in_: Message | Channel | View | None) -> list[tuple[str, Json, Message | View]]:
        """(label, action, where) of what can be pressed, the newest message first, then the views."""
        places: list[Message | View] = []
        if isinstance(in_, Message | View):
            places.append(in_)
        else:
            channels = [in_.state] if isinstance(in_, Channel) else self._channels()
            messages = [Message(self._world, channel, one) for channel in channels for one in self._seen(channel)]
            messages.sort(key=lambda message: message.ts, reverse=True)
            places.extend(messages)
        if in_ is None:
            places.extend(view for view in (self.modal, self.home) if view is not None)
        return [(label, action, place) for place in places for label, _, action in labelled(place.blocks)]

    def _channels(self) -> list[ChannelState]:
        return [channel for channel in self.team.channels.values() if self.id in channel.members]

    def _seen(self, channel: ChannelState) -> list[MessageState]:
        return [one for one in channel.messages if not one.deleted and one.ephemeral_for in ("", self.id)]

    def _press(self, action: Json, where: Message | View) -> Delivery:
        pressed = action | {"action_ts": self._world.next_ts()}
        if isinstance(where, View):
            body = payloads.block_actions(self._world, self.team, self.state, pressed, view=where.state)
        else:
            body = payloads.block_actions(
                self._world, self.team, self.state, pressed, channel=where.channel, message=where.state
            )
        return self._push_interaction(body)

    def _push_interaction(self, body: Json, answered: Answered | None = None) -> Delivery:
        return self._stage.deliveries.push("interactive", body, answered)
