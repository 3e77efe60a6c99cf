"""How sure a reply is of itself."""

import re
from dataclasses import dataclass

_UNASKED = 0.75
_HEDGED = 0.45
_CUT = 0.5
_FAILED_TOOL = 0.8
_SUBSTITUTE = 0.9

_HEDGES = re.compile(
    r"\bI(?:['’]m| am) (?:not (?:entirely |completely |quite )?(?:sure|certain)|unsure|afraid (?:I|not)\b)"
    r"|\bI (?:don['’]t|do not|can(?:no|['’])t) (?:know|find|tell|confirm|verify)\b"
    r"|\bI could(?:n['’]t| not) (?:find|verify|confirm)\b"
    r"|\b(?:may|might|could) be (?:wrong|mistaken|out of date|outdated)\b"
    r"|\b(?:I have|there is) no (?:reliable )?(?:information|data)\b"
    r"|не уверен|не знаю|не могу (?:найти|подтвердить|сказать|проверить)|не удалось (?:найти|подтвердить|проверить)"
    r"|могу ошибаться|возможно, я ошибаюсь|нет (?:точной |надёжной |достоверной )?(?:информации|данных)|затрудняюсь",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    text: str
    told: float | None = None
    """What the model said of itself."""
    failed_tools: int = 0
    cut: bool = False
    """The reply reached its greatest length in the middle of a sentence."""
    substitute: bool = False
    """Another model than the first choice had to answer."""


def confidence(evidence: Evidence) -> float:
    """0 to 1, by these rules.

    The model's own estimate counts where it gave one. Where not, 0.75, or 0.45 when the text itself hedges ("I am not
    sure", «не знаю»). Each failed tool takes a fifth of it (three at most), a substitute for the first model a tenth;
    a reply that was cut off at its greatest length is at most 0.5; without any words it is 0.
    """
    if not evidence.text.strip():
        return 0.0
    sure = evidence.told
    if sure is None:
        sure = _HEDGED if _HEDGES.search(evidence.text) else _UNASKED
    sure *= _FAILED_TOOL ** min(evidence.failed_tools, 3)
    if evidence.substitute:
        sure *= _SUBSTITUTE
    return round(min(sure, _CUT) if evidence.cut else sure, 2)
