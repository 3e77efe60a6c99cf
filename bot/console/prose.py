"""Markdown of models, as HTML that is safe by construction: every tag comes from here, raw HTML is shown as text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

from bot.console.markup import shown
from bot.markdown.healing import heal
from bot.markdown.plain import clean

_LINK = re.compile(r"(?:https?://|mailto:|tel:|/(?!/)|#)", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_DIRECTED = frozenset({"paragraph_open", "heading_open", "list_item_open", "blockquote_open", "th_open", "td_open"})
_COLOURED = frozenset(
    {
        *("bash", "css", "diff", "go", "golang", "html", "javascript", "js", "json", "py", "python", "python3"),
        *("rs", "rust", "sh", "shell", "sql", "ts", "typescript", "yaml", "yml"),
    }
)
"""Languages with a lexer that is quick with anything. Those of C, Java, Perl, Markdown need seconds for a few lines."""
_BLOCK_CHARS = 3_000
_LINE_CHARS = 200
_BLANK_LINES = 10
_TEXT_CHARS = 15_000
_KEPT = 256
_TANGLED = 2_000
"""More brackets than this are nobody's prose, and cost the parser a time that grows with their square."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Words inside rendered text, in the reader's language."""

    copy_code: str


@dataclass(slots=True)
class _Ink:
    """How much code of one text may still be coloured: lexers need a time that grows faster than the code."""

    chars: int = _TEXT_CHARS

    def colours(self, source: str, language: str) -> bool:
        """Whether to colour this block; it is paid for then."""
        if language not in _COLOURED or len(source) > min(_BLOCK_CHARS, self.chars) or not _reads_like_code(source):
            return False
        self.chars -= len(source)
        return True


class Prose:
    """Renders for one language."""

    def __init__(self, labels: Labels) -> None:
        self._markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
        self._markdown.enable(["table", "strikethrough"])
        self._markdown.validateLink = _is_safe_link  # type: ignore[method-assign]  # the documented way to set the rule
        self._copy = escape(labels.copy_code)
        self.html = lru_cache(_KEPT)(self._html)
        """Whole Markdown text as HTML."""

    def _html(self, text: str) -> str:
        return self._render(self._parse(clean(text)), _Ink())

    def split(self, text: str) -> tuple[list[tuple[str, str]], str]:
        """The settled blocks of growing Markdown as (source, HTML), and the source of the one that still grows."""
        tokens = self._parse(text)
        starts = [at for at, token in enumerate(tokens) if token.level == 0 and token.nesting >= 0 and token.map]
        if len(starts) < 2:
            return [], text
        lines, ink = _LINE.findall(text), _Ink()
        rows = [0, *(tokens[at].map[0] for at in starts[1:])]  # type: ignore[index]  # chosen for having a map
        blocks = [
            ("".join(lines[rows[n] : rows[n + 1]]), self._render(tokens[starts[n] : starts[n + 1]], ink))
            for n in range(len(starts) - 1)
        ]
        return blocks, "".join(lines[rows[-1] :])

    def open_end(self, text: str) -> str:
        """HTML of a block that still grows, without the raw markup of what is half-written; its code has no colours."""
        return self._render(self._parse(heal(text)), _Ink(0))

    def _parse(self, text: str) -> list[Token]:
        if text.count("[") > _TANGLED or text.count("<") > _TANGLED:
            text = "````text\n" + text.replace("````", "'```") + "\n````"
        return self._markdown.parse(text)

    def _render(self, tokens: Sequence[Token], ink: _Ink) -> str:
        for token in tokens:
            if token.type in _DIRECTED:
                token.attrSet("dir", "auto")
        env: EnvType = {"copy": self._copy, "ink": ink}
        return shown(self._markdown.renderer.render(tokens, self._markdown.options, env))


def _is_safe_link(url: str) -> bool:
    return bool(_LINK.match(url.strip()))


class _Renderer(RendererHTML):
    """Code blocks with a head, tables that scroll, and pictures as links: nothing is fetched that nobody clicked on."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        language = (tokens[idx].info.split() or [""])[0]
        source = tokens[idx].content
        is_coloured = env["ink"].colours(source, language.lower())
        return _code(_coloured(source, language.lower()) if is_coloured else escape(source), language, env["copy"])

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _code(escape(tokens[idx].content), "", env["copy"])

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="table" tabindex="0"><table>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>"

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("target", "_blank")
        tokens[idx].attrSet("rel", "noopener noreferrer nofollow")
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        url = escape(str(tokens[idx].attrs.get("src", "")))
        label = escape(tokens[idx].content) or url
        return f'<a href="{url}" target="_blank" rel="noopener noreferrer nofollow">{label}</a>'


def _code(code: str, language: str, copy: str) -> str:
    head = (
        f'<div class="code-head"><span>{escape(language)}</span><button type="button" data-copy>{copy}</button></div>'
    )
    return f'<div class="code" dir="ltr">{head}<pre tabindex="0"><code>{code}</code></pre></div>'


def _reads_like_code(source: str) -> bool:
    """Long lines and long gaps are rare in code, and the worst that its lexers can meet."""
    lines = source.split("\n")
    return max(map(len, lines)) <= _LINE_CHARS and "\n" * _BLANK_LINES not in "\n".join(map(str.strip, lines))


def _coloured(source: str, language: str) -> str:
    lexer = get_lexer_by_name(language, stripnl=False)
    return str(highlight(source, lexer, HtmlFormatter(nowrap=True, classprefix="hl-")))
