"""What a turn says around its reply: who speaks, how it ended, what the buttons offer, in the user's language."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.domain.action import Choice, TurnAction, Verb
from bot.domain.messenger import Button, Buttons
from bot.domain.specialist import Team
from bot.domain.thread import TurnState
from bot.markdown.plain import literal
from bot.mentions import short_name
from bot.quota import Spent
from bot.scene import Scene
from bot.texts import Texts
from bot.told import Told
from specialists.router import Ambiguous

_FINAL_VERBS: tuple[tuple[Verb, str], ...] = (("again", "button-again"), ("up", "button-up"), ("down", "button-down"))
_LEAVE_VERBS: tuple[tuple[Verb, str], ...] = (("approve", "button-approve"), ("deny", "button-deny"))

UNSEEN = "pictures-unseen"
"""Fluent key of what is said besides a reply by a model that cannot look at pictures."""
NOTHING_USABLE = "files-unusable"
"""Fluent key of how a turn ends that brought only files that cannot be used. Where the reply is shown, each file has a
sentence of its own instead."""
_NAMES = 5


class Wording:
    def __init__(self, texts: Texts, team: Team) -> None:
        self._texts = texts
        self._team = team

    def lead(self, scene: Scene) -> str:
        """What stands above a reply: the question that was asked by a button, and who speaks when that is somebody
        else than before."""
        before = scene.previous.specialist if scene.previous is not None else ""
        new = scene.turn.specialist != (before or self._team.default.name)
        return scene.quote + (f"**{literal(self._name(scene, scene.turn.specialist))}**\n\n" if new else "")

    def ending(self, scene: Scene, told: Told) -> str:
        """The final text: what the engine said, how it ended when that was not well, and what it does without."""
        locale = scene.user.locale
        parts = [told.text.rstrip()]
        if told.state is TurnState.STOPPED:
            parts.append(self._texts.say(locale, "stopped-mark"))
        if told.requests:
            parts.append(self._texts.say(locale, "leave-wanted"))
            parts.append("\n".join(self._wish(locale, one.tool, one.arguments) for one in told.requests))
        if told.sentence and told.sentence != NOTHING_USABLE:
            parts.append(self._texts.say(locale, told.sentence, **told.arguments))
        if told.unseen:
            parts.append(self._texts.say(locale, UNSEEN, count=told.unseen))
        if told.state is not TurnState.REQUIRES_ACTION:
            parts.append("\n\n".join(self._refused(scene)))
        if not any(parts):
            parts.append(self._texts.say(locale, "interrupted-try-again"))
        return told.lead + "\n\n".join(part for part in parts if part)

    def buttons(self, scene: Scene, told: Told) -> Buttons:
        """Under the final text; none when there is nothing to rate, and asking again would change nothing."""
        if told.sentence == NOTHING_USABLE:
            return ()
        if told.state is not TurnState.REQUIRES_ACTION:
            return (tuple(self._button(scene, verb, key) for verb, key in _FINAL_VERBS),)
        if told.requests:
            return (tuple(self._button(scene, verb, key) for verb, key in _LEAVE_VERBS),)
        names: Sequence[str] = json.loads(told.pause)["choice"]
        return tuple((Button(self._name(scene, name), str(Choice(scene.turn.id, name))),) for name in names)

    def unusable(self, scene: Scene) -> Told:
        """Nothing is left to answer: why that is stands in the ending, file by file."""
        return Told(TurnState.FAILED, sentence=NOTHING_USABLE, lead=scene.quote)

    def _refused(self, scene: Scene) -> list[str]:
        """A sentence for each file that could not be used, one for all that share it."""
        names: dict[tuple[str, str], list[str]] = {}
        for upload in scene.refused:
            why = upload.refusal, json.dumps(upload.arguments, sort_keys=True)
            names.setdefault(why, []).append(literal(short_name(upload)))
        sentences = []
        for (key, arguments), called in names.items():
            more = f" (+{len(called) - _NAMES})" if len(called) > _NAMES else ""
            name = ", ".join(called[:_NAMES]) + more
            sentences.append(self._texts.say(scene.user.locale, key, **{**json.loads(arguments), "name": name}))
        return sentences

    def growing_buttons(self, scene: Scene) -> Buttons:
        """Under a reply that grows."""
        return ((self._button(scene, "stop", "button-stop"),),)

    def tool(self, locale: str, title: str) -> str:
        """What is being done, from the title of a `ToolStarted`: a text of ours, or the name of a foreign tool."""
        return self._texts.find(locale, title) or title

    def question(self, scene: Scene, routed: Ambiguous) -> Told:
        """Two buttons instead of a guess."""
        names = [routed.first, routed.second]
        first, second = (literal(self._name(scene, name)) for name in names)
        text = self._texts.say(scene.user.locale, "who-should-answer", first=first, second=second)
        usages = () if routed.usage is None else (routed.usage,)
        return Told(
            TurnState.REQUIRES_ACTION, text, usages=usages, pause=json.dumps({"choice": names}), lead=scene.quote
        )

    def refusal(self, spent: Spent, now: datetime) -> Told:
        """A limit of the day is reached."""
        hours = max(1, round((spent.resets_at - now).total_seconds() / 3600))
        arguments: dict[str, str | int] = {"time": spent.resets_at.strftime("%H:%M"), "hours": hours}
        return Told(TurnState.FAILED, sentence=spent.sentence, arguments=arguments)

    def code_note(self, scene: Scene, file: str) -> str:
        """Stands where the rest of a long code block went into `file`."""
        return self._texts.say(scene.user.locale, "code-attached", file=file)

    def _wish(self, locale: str, tool: str, arguments: str) -> str:
        lines = "".join(f"\n  - {literal(line)}" for line in arguments.splitlines())
        return f"- **{literal(self.tool(locale, f'tool-{tool}'.replace('_', '-')).removeprefix('tool-'))}**{lines}"

    def _name(self, scene: Scene, name: str) -> str:
        specialist = (self._team.get(name) or self._team.default).localised(scene.user.locale)
        return f"{specialist.emoji} {specialist.title}".strip()

    def _button(self, scene: Scene, verb: Verb, key: str) -> Button:
        return Button(self._texts.say(scene.user.locale, key), str(TurnAction(verb, scene.turn.id)))
