"""An export as Markdown."""

import re

from bot.commands.archive import Archive
from bot.commands.archive_captions import Captions, time_of
from bot.markdown.plain import literal

_LINE_END = re.compile(r"\r\n?|\n")


def as_markdown(archive: Archive, captions: Captions) -> str:
    """Every message is a quotation, so that nothing in it, an open code fence included, reaches beyond it.

    Without the `> ` before each of its lines it reads exactly as it was said.
    """
    parts = [f"# {literal(captions.title)}", captions.about(archive, literal(archive.user.name))]
    for exported in archive.conversations:
        parts += [f"## {literal(captions.conversation(exported))}", captions.held(exported)]
        for turn in exported.turns:
            for message in turn.messages:
                speaker, notes = captions.speaker(turn, message), captions.notes(turn, message)
                parts += [f"### {literal(speaker)} · {notes}", _quoted(message.text)]
                parts += [f"- {literal(line)}" for line in captions.sent(turn, message)]
            parts += [f"- {literal(line)}" for line in captions.files(turn)]
    if archive.facts:
        parts += [f"## {literal(captions.facts)}", *(f"- {literal(fact.text)}" for fact in archive.facts)]
    if archive.briefs:
        parts.append(f"## {literal(captions.briefs)}")
    for brief in archive.briefs:
        parts.append(f"### {literal(captions.specialist(brief.specialist))} · {time_of(brief.updated_at)}")
        parts += [f"**{literal(name)}**\n\n{_quoted(value)}" for name, value in brief.values.items()]
    return "\n\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    return "> " + _LINE_END.sub("\n> ", text)
