"""The nasty inputs: the files of `corpus/`, and what is better made than stored."""

from pathlib import Path

CORPUS = {path.stem: path.read_text("utf-8") for path in sorted((Path(__file__).parent / "corpus").glob("*.md"))}

MADE = {
    "deep quotes": ">" * 200 + " x\n\nafter",
    "deep lists": "\n".join("  " * depth + f"- item {depth}" for depth in range(200)),
    "long fence": "```python\n" + "print('line')\n" * 10_000 + "```\nafter **bold**",
    "long word": "x" * 20_000,
    "crlf": "# Title\r\n\r\n- **a**\r\n- b\r\n\r\n```\r\ncode\r\n```\r\n",
    "zalgo": "z" + "\u0301\u0315" * 300 + " **bo" + "\u0336" * 40 + "ld**",
    "surrogates": "a\ud83d **b\ude00** `\udfff` [\ud800](https://example.org)",
    "controls": "a\x00b \x1b[1m **c\x07** \u202e `d`",
    "stars": "*_**__" * 400,
    "ticks": "` `` ``` " * 200,
    "brackets": "[](" * 500 + "![" * 300,
    "pipes": "|" * 500 + "\n|" + "-|" * 499,
    "empty": "",
    "blank": " \n\t\n \n",
}


def prefixes(text: str, most: int = 120) -> list[str]:
    """The prefixes of a growing text: every one of a short text, about `most` of a long one."""
    stride = max(1, len(text) // most)
    return [*(text[:end] for end in range(0, len(text), stride)), text]
