"""An export as one HTML page that needs nothing else."""

from html import escape

from bot.commands.archive import Archive, Exported, ExportedTurn
from bot.commands.archive_captions import Captions, time_of

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8882; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
section { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.note { margin: .25rem 0; color: GrayText; font-size: .85rem; }
.note b { color: CanvasText; }
article { margin: 1.25rem 0; }
.text { margin: 0; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .75rem; }
.text, dd, li { white-space: pre-wrap; overflow-wrap: anywhere; }
.user .text { background: var(--soft); }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem; }
@media print {
  :root { color-scheme: light; }
  body { max-width: none; margin: 0; padding: 0; font-size: 11pt; }
  h2, h3, .note { break-after: avoid; }
  .text { border-radius: 0; }
}
"""


def as_html(archive: Archive, captions: Captions) -> str:
    """A page without scripts and without anything from elsewhere; what was said stands in it as text."""
    body = [f"<h1>{escape(captions.title)}</h1>", _note(escape(captions.about(archive, archive.user.name)))]
    body += [_conversation(one, captions) for one in archive.conversations]
    if archive.facts:
        facts = "\n".join(f'<li dir="auto">{escape(fact.text)}</li>' for fact in archive.facts)
        body.append(f"<section>\n<h2>{escape(captions.facts)}</h2>\n<ul>\n{facts}\n</ul>\n</section>")
    if archive.briefs:
        body.append(_briefs(archive, captions))
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{escape(captions.locale)}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(captions.title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        )
    )


def _conversation(exported: Exported, captions: Captions) -> str:
    title = f'<h2 dir="auto">{escape(captions.conversation(exported))}</h2>'
    turns = (_turn(turn, captions) for turn in exported.turns)
    return "\n".join(("<section>", title, _note(escape(captions.held(exported))), *turns, "</section>"))


def _turn(turn: ExportedTurn, captions: Captions) -> str:
    parts = []
    for message in turn.messages:
        speaker, notes = escape(captions.speaker(turn, message)), escape(captions.notes(turn, message))
        parts.append(f'<article class="{message.role}">{_note(f"<b>{speaker}</b> · {notes}")}')
        parts.append(f'<p class="text" dir="auto">{escape(message.text)}</p></article>')
        parts += [_note(escape(line)) for line in captions.sent(turn, message)]
    parts += [_note(escape(line)) for line in captions.files(turn)]
    return "\n".join(parts)


def _briefs(archive: Archive, captions: Captions) -> str:
    parts = [f"<section>\n<h2>{escape(captions.briefs)}</h2>"]
    for brief in archive.briefs:
        parts.append(f"<h3>{escape(captions.specialist(brief.specialist))} · {time_of(brief.updated_at)}</h3>\n<dl>")
        parts += [
            f'<dt>{escape(name)}</dt>\n<dd dir="auto">{escape(value)}</dd>' for name, value in brief.values.items()
        ]
        parts.append("</dl>")
    return "\n".join((*parts, "</section>"))


def _note(html: str) -> str:
    return f'<p class="note">{html}</p>'
