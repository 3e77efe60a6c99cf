"""One paragraph, heading or table row for Slack's `markdown` block, read from left to right. Pure."""

import re
from dataclasses import dataclass

JOINER = "\u2060"
"""Takes no room and parts no word; with it inside, a mention is none."""
BROADCAST = re.compile(r"(?<![\w@.])@(here|channel|everyone)(?!\w)", re.IGNORECASE)

_CALL = re.compile(r"<(?=[!@#][A-Za-z])")
"""A Slack token in code: `<!channel>`, `<@U…>`, `<#C…>`; a joiner behind its bracket breaks it."""
_HALF_CALL = re.compile(r"<[!@#]?$")
_TOKEN = re.compile(r"\\\(|\\\[|\\[^\n@]|`+|!*\[|\]|<|@|\$\$")
_ATOM = re.compile(r"<(?:https?://|mailto:)[^\s<>|]+>", re.IGNORECASE)
_MAIL = re.compile(r"<([^\s<>|@:/]+@[^\s<>|@:/]+\.[^\s<>|@:/]+)>")
_HALF_ATOM = re.compile(r"<[^\s<>|]*$")
_HALF_BROADCAST = re.compile(r"@\w*$")
_HALF_TOKEN = re.compile(r"(?:\\|!+|\$)$")
_TARGET = re.compile(
    r"\([ \t]*(?P<url><[^<>\n]*>|(?:[^\s()\\<]|\\.|\((?:[^\s()\\]|\\.)*\))(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*)?"
    r"(?:[ \t]+(?:\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\((?:[^()\\\n]|\\.)*\)))?[ \t]*\)"
)
_LINKED = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_UNSAFE = re.compile(r'[\s<>|"\\^`]')
_FORMULA = re.compile(r"[\\^_=]")
_LATEX = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_TARGET_CHARS = 2_100
_LABEL_CHARS = 500
_FORMULA_CHARS = 2_000


def defused_code(source: str, *, final: bool) -> str:
    """Code as it is, but that Slack's tokens in it call nobody; not `final`, half a token at the end waits."""
    shown = source
    if not final and (half := _HALF_CALL.search(source)):
        shown = source[: half.start()]
    return _CALL.sub(f"<{JOINER}", shown)


@dataclass(slots=True)
class _Bracket:
    part: int
    """Which of the parts it is, so that it can be taken back."""
    at: int
    image: bool


class Text:
    """The inline text `source`. Not `final`, the text goes on, and what that may change is held back."""

    def __init__(self, source: str, *, final: bool) -> None:
        self._source = source
        self._final = final
        self._parts: list[str] = []
        self._brackets: list[_Bracket] = []
        self.is_cut = False
        """Something was held back. Known once `shown` was asked."""

    def shown(self) -> str:
        at = 0
        while at < len(self._source) and not self.is_cut:
            token = _TOKEN.search(self._source, at)
            self._parts.append(self._source[at : token.start() if token else len(self._source)])
            if token is None:
                break
            at = self._token(token[0], token.start(), token.end())
        if self._final:
            return "".join(self._parts)
        return self._held()

    def _held(self) -> str:
        """Without what waits: an open bracket with all behind it, half of an escape."""
        near = [bracket for bracket in self._brackets if len(self._source) - bracket.at <= _LABEL_CHARS]
        if near:
            self.is_cut = True
            return "".join(self._parts[: near[0].part]).rstrip("!")
        shown = "".join(self._parts)
        if not self.is_cut and (half := _HALF_TOKEN.search(shown)) and _HALF_TOKEN.search(self._source):
            self.is_cut = True
            return shown[: half.start()]
        return shown

    def _token(self, token: str, start: int, end: int) -> int:
        """Say the token; the index to go on at."""
        if token in _LATEX:
            return self._formula(token, start, end)
        match token[0]:
            case "\\":
                self._parts.append("&lt;" if token.endswith("<") else token)
            case "`":
                return self._code(token, start, end)
            case "!" | "[":
                self._open(token, start)
            case "]":
                return self._link(start, end)
            case "<":
                return self._angle(start, end)
            case "@":
                return self._at(start, end)
        return end

    def _wait(self, end: int) -> int:
        self.is_cut = True
        return end

    def _code(self, ticks: str, start: int, end: int) -> int:
        twin = re.compile(rf"(?<!`)`{{{len(ticks)}}}(?!`)").search(self._source, end)
        if twin is None or (not self._final and twin.end() == len(self._source)):
            if not self._final:
                return self._wait(end)
            self._parts.append("\\`" * len(ticks))  # Escaped, none pairs with a tick of ours.
            return end
        self._parts.append(defused_code(self._source[start : twin.end()], final=True))
        return twin.end()

    def _formula(self, mark: str, start: int, end: int) -> int:
        close = self._source.find(_LATEX[mark], end, end + _FORMULA_CHARS)
        after = close + len(_LATEX[mark])
        if not self._final and (
            len(self._source) - after < 2 if close >= 0 else len(self._source) - end < _FORMULA_CHARS
        ):
            return self._wait(end)
        formula = " ".join(self._source[end:close].split()) if close >= 0 else ""
        beside_code = self._source.startswith(("`", "\\`"), after) or self._source.endswith("`", 0, start)
        if beside_code or not formula or "`" in formula or "|" in formula or not _FORMULA.search(formula):
            self._parts.append(mark)
            return end
        self._parts.append(f"`{defused_code(formula, final=True)}`")
        return after

    def _open(self, token: str, start: int) -> None:
        """The last exclamation mark makes an image of the bracket behind it; marks before it are text."""
        bangs = token[:-1]
        self._parts.append(bangs[:-1])
        self._brackets.append(_Bracket(len(self._parts), start, image=bool(bangs)))
        self._parts.append("![" if bangs else "[")

    def _angle(self, start: int, end: int) -> int:
        if atom := _ATOM.match(self._source, start):
            self._parts.append(atom[0])
            return atom.end()
        if mail := _MAIL.match(self._source, start):
            self._parts.append(mail[1])
            return mail.end()
        if not self._final and _HALF_ATOM.match(self._source, start):
            return self._wait(end)
        self._parts.append("&lt;")
        return end

    def _at(self, start: int, end: int) -> int:
        if not self._final and _HALF_BROADCAST.match(self._source, start):
            return self._wait(end)
        call = BROADCAST.match(self._source, start)
        self._parts.append(f"@{JOINER}" if call else "@")
        return end

    def _link(self, start: int, end: int) -> int:
        if not self._brackets or start - self._brackets[-1].at > _LABEL_CHARS:
            self._brackets.clear()
            self._parts.append("]")
            return end
        target = _TARGET.match(self._source, end, end + _TARGET_CHARS)
        if target is None or (not self._final and target.end() == len(self._source)):
            if not self._final and self._may_become_target(end):
                return self._wait(end)
            self._brackets.pop()
            # What is no link here must not become one by what we do to its address.
            self._parts.append(f"]{JOINER}" if self._source.startswith("(", end) else "]")
            return end
        inside = bool(self._brackets[:-1]) and self._source.startswith("](", target.end())
        if not self._final and self._brackets[:-1] and self._source[target.end() :] == "]":
            return self._wait(end)
        self._close(self._brackets.pop(), target["url"] or "", inside=inside)
        return target.end()

    def _may_become_target(self, at: int) -> bool:
        waiting = self._source[at : at + _TARGET_CHARS]
        return (not waiting or waiting[0] == "(") and "\n" not in waiting and len(waiting) < _TARGET_CHARS

    def _close(self, bracket: _Bracket, target: str, *, inside: bool) -> None:
        """Say the link. An image that is the end of another link's words (`inside`) is its words only."""
        url = _ESCAPE.sub(r"\1", (target[1:-1] if target.startswith("<") else target).strip())
        label = "".join(self._parts[bracket.part :])[2 if bracket.image else 1 :]
        del self._parts[bracket.part :]
        words = label if label.strip() else _words(url)
        if not _LINKED.match(url) or (bracket.image and inside):
            self._parts.append(words)
            return
        self._brackets = [other for other in self._brackets if other.image]
        if self._parts and self._parts[-1].endswith("!") and not self._parts[-1].endswith("\\!"):
            self._parts[-1] = self._parts[-1][:-1] + "\\!"
        url = _UNSAFE.sub(lambda char: "".join(f"%{byte:02X}" for byte in char[0].encode()), url)
        if url.count("(") != url.count(")"):
            url = url.replace("(", "%28").replace(")", "%29")
        self._parts.append(f"[{words}]({url})")


def _words(url: str) -> str:
    """An address as text."""
    escaped = re.sub(r"([\\\[\]*_~`])", r"\\\1", url).replace("<", "&lt;")
    return BROADCAST.sub(rf"@{JOINER}\1", escaped)
