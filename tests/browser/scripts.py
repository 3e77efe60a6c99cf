"""What the specialist of the browser tests answers, by the visitor's words."""

import struct
import zlib

from bot.domain.errors import RateLimited
from bot.domain.messenger import File
from bot.domain.reply import Finished, Prompt
from specialists.scripted import AskLeave, Attach, Babble, End, Fail, Hang, Pass, Say, Script, Think, Use

RICH = """## Two ways to receive updates

Switchboard reads Telegram by **long polling** unless you ask for a webhook. Both keep the promise *stored first, \
acknowledged after*.

| Mode | Needs a public address | Setting |
|---|---|---|
| Polling | no | `TELEGRAM_MODE=polling` |
| Webhook | yes, with HTTPS | `TELEGRAM_MODE=webhook` |

Start it like this:

```python
async def main() -> None:
    # Everything is built in one place.
    async with build(settings, "secret", clock=SystemClock()) as board:
        await board.work(until)  # returns after a graceful drain
```

1. Put the token into `.env`.
2. Run `make run`.
   - The chat page answers at once.
   - Telegram follows within a second.

> Source: [Handbook · Connecting Telegram](https://example.org/handbook/telegram)
"""

EVIL = """Here it is: <script>document.title = 'owned'</script> <img src=x onerror="document.title='owned'">

[click me](javascript:document.title='owned') [data](data:text/html,<script>1</script>) \
![pixel](https://example.org/pixel.png)

<iframe src="javascript:document.title='owned'"></iframe>

```html"><img src=x onerror=document.title='owned'>
<script>document.title = 'owned'</script>
```
"""

THOUGHT = (
    "The visitor wants to compare two ways of receiving updates. The handbook has a page about polling and one about "
    "webhooks; I should name the setting for each, and say that polling needs no public address."
)

LONG_LINES = 600


def long_reply() -> str:
    """More than 30,000 characters with a fence and a table."""
    paragraphs = [
        f"Paragraph {n}: the quick brown fox jumps over the lazy dog, again and again." for n in range(LONG_LINES // 2)
    ]
    code = "\n".join(f"line_{n} = {n}" for n in range(LONG_LINES // 2))
    table = "\n".join(["| n | square |", "|---|---|", *(f"| {n} | {n * n} |" for n in range(400))])
    return "\n\n".join([*paragraphs, f"```python\n{code}\n```", table, "The very last words."])


def picture(width: int = 320, height: int = 160) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = b"\x00" + b"\x0f\x6b\x5c" * width
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _sending(prompt: Prompt) -> Script:
    """Asks before it sends, and says what became of it."""
    if prompt.decision is None:
        return (Say("I found the invoice.", 50, 0), AskLeave("send_invoice", "to: anna@example.org\namount: 1250"))
    return (Say(" It is sent." if prompt.decision.granted else " Then I leave it.", 50, 0),)


def _passing(prompt: Prompt) -> Script:
    if prompt.specialist.name == "mentor":
        return (Say("Let us begin with the first step.", 50, 0),)
    return (Say("That is for somebody else.", 50, 0), Pass("mentor", "wants to learn"))


def _reading(prompt: Prompt) -> str:
    """What the engine was shown."""
    documents = [f"{document.name}: {document.parts} × {document.part_kind}" for document in prompt.documents]
    pictures = [f"{picture.name} ({picture.media_type})" for picture in prompt.pictures]
    return "I see " + ", ".join([*documents, *pictures, "nothing else"]) + "."


def script(prompt: Prompt) -> Script:
    """`word …` plays the script of that word; anything else is echoed."""
    words = prompt.text.replace(",", " ").replace("?", " ").split()
    match words[0].lower() if words else "read":
        case "rich":
            return (Say(RICH, chunk_chars=200, pause_seconds=0), End(Finished(confidence=0.9)))
        case "evil":
            return (Say(EVIL, chunk_chars=7, pause_seconds=0),)
        case "think":
            return (Think(THOUGHT, pause_seconds=0), Hang(), Say("Polling needs no public address.", pause_seconds=0))
        case "hold":
            half = RICH.index("1. Put")
            return (Say(RICH[:half], 50, 0), Hang(), Say(RICH[half:], 50, 0))
        case "send":
            return _sending(prompt)
        case "pass":
            return _passing(prompt)
        case "chart":
            files = (File("expenses.png", picture(), "image/png"), File("expenses.csv", b"month,sum\n", "text/csv"))
            return (Say("Here it is.", 50, 0), *map(Attach, files))
        case "compute":
            return (Use("Counting the stars", seconds=60.0), Say("There are many."))
        case "endless":
            return (Babble("and so on, "),)
        case "fail":
            return (Fail(RateLimited("the provider said 429")),)
        case "long":
            return (Say(long_reply(), chunk_chars=500, pause_seconds=0.001),)
        case "story":
            return (Say("\n\n".join(f"Chapter {n}: and then." for n in range(40)), chunk_chars=500, pause_seconds=0),)
        case "read":
            return (Say(_reading(prompt), 50, 0),)
        case "unsure":
            return (Say("I could not find that in my handbook."), End(Finished(confidence=0.2)))
        case _:
            return (Say(prompt.text, chunk_chars=2_000, pause_seconds=0),)
