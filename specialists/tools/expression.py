"""Reads an arithmetic expression and works it out on the way: numbers, operators and known functions, nothing else.

Time is bounded by construction: at most `MOST_CHARS` characters, `MOST_DEPTH` levels, and no number grows beyond what
`specialists.tools.arithmetic` allows.
"""

import re
from collections.abc import Callable, Mapping

from bot.domain.errors import Refused
from specialists.tools import arithmetic
from specialists.tools.arithmetic import Number

MOST_CHARS = 500
MOST_DEPTH = 40

_NUMBER = r"(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?"
_SYMBOL = re.compile(rf"\s*(?:({_NUMBER})|([A-Za-zπ]\w*)|(\*\*|//|\S))")
_SPELLINGS = str.maketrans({"×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})

_INFIX: Mapping[str, tuple[int, int, Callable[[Number, Number], Number]]] = {
    "+": (10, 11, arithmetic.add),
    "-": (10, 11, arithmetic.subtract),
    "*": (20, 21, arithmetic.multiply),
    "/": (20, 21, arithmetic.divide),
    "//": (20, 21, arithmetic.floor_divide),
    "%": (20, 21, arithmetic.remainder),
    " %": (20, 21, arithmetic.remainder),
    "**": (30, 25, arithmetic.power),
}
"""Operator: how tightly it holds its left side, what its right side must hold tighter than, what it does."""
_SIGN = 25


def calculated(expression: str) -> Number:
    """The value. Refused, in words for a model, when it is no arithmetic, too large or not defined."""
    if len(expression) > MOST_CHARS:
        raise Refused(f"The expression is too long: at most {MOST_CHARS} characters. Do it in steps.")
    return _Reader(_symbols(expression)).whole()


def _symbols(expression: str) -> list[str]:
    text = expression.translate(_SPELLINGS).strip()
    symbols: list[str] = []
    position = 0
    while position < len(text):
        match = _SYMBOL.match(text, position)
        if match is None:
            break
        symbol = match[match.lastindex or 0]
        spaced = symbol == "%" and position < match.start(match.lastindex or 0)
        symbols.append(" %" if spaced else {"^": "**", "of": "*"}.get(symbol, symbol))
        position = match.end()
    return symbols


class _Reader:
    def __init__(self, symbols: list[str]) -> None:
        self._symbols = symbols
        self._at = 0
        self._depth = 0

    def whole(self) -> Number:
        value = self._value(0)
        if self._next:
            hint = "; write decimals with a point" if self._next == "," else ""
            raise Refused(f"{self._next!r} is not expected there{hint}.")
        return value

    @property
    def _next(self) -> str:
        return self._symbols[self._at] if self._at < len(self._symbols) else ""

    def _take(self) -> str:
        symbol = self._next
        self._at += 1
        return symbol

    def _expect(self, symbol: str) -> None:
        if self._take() != symbol:
            raise Refused(f"A {symbol!r} is missing.")

    def _value(self, least: int) -> Number:
        """What stands here, as far as its operators hold tighter than `least`."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Refused("The expression is nested too deeply. Do it in steps.")
        left = self._operand()
        while True:
            symbol = self._next
            if symbol in ("%", " %") and not self._begins_operand(self._at + 1):
                self._at += 1
                if symbol == " %" and self._next in ("+", "-"):
                    raise Refused("Is that per cent or a remainder? Write (15%) - 3 or 15 % (-3).")
                left = arithmetic.divide(left, arithmetic.whole(100))
                continue
            if symbol not in _INFIX or _INFIX[symbol][0] < least:
                break
            self._at += 1
            _, right, operation = _INFIX[symbol]
            left = operation(left, self._value(right))
        self._depth -= 1
        return left

    def _operand(self) -> Number:
        symbol = self._take()
        if not symbol:
            raise Refused("The expression ends too early.")
        if symbol in "+-":
            value = self._value(_SIGN)
            return value if symbol == "+" else arithmetic.negate(value)
        if symbol == "(":
            value = self._value(0)
            self._expect(")")
            return value
        if symbol[0].isdecimal() or symbol[0] == ".":
            return arithmetic.literal(symbol)
        if symbol[0].isalpha():
            return self._named(symbol)
        raise Refused(f"{symbol!r} is not expected there. Use numbers, + - * / // % **, brackets and functions.")

    def _named(self, name: str) -> Number:
        if self._next != "(":
            return arithmetic.constant(name)
        self._at += 1
        arguments: list[Number] = []
        while self._next != ")":
            arguments.append(self._value(0))
            if self._next != ")":
                self._expect(",")
        self._at += 1
        return arithmetic.apply(name, arguments)

    def _begins_operand(self, at: int) -> bool:
        """Whether what follows a `%` makes it the remainder of a division; else it means per cent."""
        symbol = self._symbols[at] if at < len(self._symbols) else ""
        return bool(symbol) and (symbol[0].isalnum() or symbol[0] in ".(")
