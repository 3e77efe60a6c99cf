"""`calculate`: right, exact where it can be, and never long at work."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from specialists.tools.arithmetic import MOST_BITS
from specialists.tools.expression import MOST_CHARS, calculated

OPERATIONS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction | int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def said(expression: str) -> str:
    return str(calculated(expression))


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("0.1 + 0.2", "0.3"),
        ("19.99 * 3", "59.97"),
        ("1.10", "1.1"),
        ("7 / 2", "3.5"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("10 % 3", "1"),
        ("-2 ** 2", "-4"),
        ("2 ** -1 * 3", "1.5"),
        ("2 ** 3 ** 2", "512"),
        ("2 ^ 10", "1024"),
        ("0 ** 0", "1"),
        ("(-1) ** 1000000000001", "-1"),
        ("15% of 80", "12"),
        ("80 * (1 + 15%)", "92"),
        ("50% + 1", "1.5"),
        ("2 × 3 ÷ 4 − 1", "0.5"),
        ("1_000_000 * 1e-3", "1000"),
        (".5 + 5.", "5.5"),
        ("round(2.5)", "3"),
        ("round(-1.235, 2)", "-1.24"),
        ("round(1234, -2)", "1200"),
        ("floor(-1.5) + ceil(1.2)", "0"),
        ("max(1, 2.5, -3) - min(4, 1)", "1.5"),
        ("sum(1, 2, 3) / mean(1, 2, 3)", "3"),
        ("median(3, 1, 2, 10)", "2.5"),
        ("factorial(20)", "2432902008176640000"),
        ("gcd(12, 18) + lcm(4, 6)", "18"),
        ("sqrt(2.25)", "1.5"),
        ("2 ** 100", "1267650600228229401496703205376"),
        ("abs(-3) + SQRT(16)", "7"),
    ],
)
def test_what_is_exact_is_said_exactly(expression: str, result: str) -> None:
    assert (said(expression), calculated(expression).is_shown_whole) == (result, True)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 / 3", "0.333333333333333333333333333333"),
        ("2 / 3", "0.666666666666666666666666666667"),
        ("sqrt(2)", "1.41421356237309504880168872421"),
        ("2 ** 0.5", "1.41421356237309504880168872421"),
        ("exp(1)", "2.71828182845904523536028747135"),
        ("pi", "3.14159265358979323846264338328"),
        ("ln(e)", "1"),
        ("log(8, 2)", "3"),
        ("log10(1000) + log2(8)", "6"),
        ("sin(pi / 6)", "0.5"),
        ("cos(pi)", "-1"),
        ("degrees(pi)", "180"),
        ("tan(radians(45))", "1"),
        ("1.0001 ** 10000", "2.71814592682522486403766467491"),
        ("10 ** 40 / 3", "3.33333333333333333333333333333E+39"),
    ],
)
def test_what_is_rounded_says_so(expression: str, result: str) -> None:
    assert (said(expression), calculated(expression).is_shown_whole) == (result, False)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "ends too early"),
        ("2 +", "ends too early"),
        ("(1 + 2", "')' is missing"),
        ("1 2", "'2' is not expected there"),
        ("3,5 * 2", "write decimals with a point"),
        ("max(1 2)", "',' is missing"),
        ("1 / 0", "Division by zero"),
        ("1 % (1 - 1)", "Division by zero"),
        ("0 ** -1", "no negative power"),
        ("(-8) ** (1 / 3)", "no such power"),
        ("sqrt(-1)", "no square root"),
        ("log(0)", "above zero"),
        ("asin(2)", "not defined there"),
        ("sin(10 ** 9)", "Angles go up to"),
        ("factorial(2.5)", "whole number"),
        ("factorial(501)", "0 to 500"),
        ("round(1, 1000)", "at most 60 places"),
        ("sqrt()", "takes 1 arguments"),
        ("eval(1)", "function 'eval' is not known"),
        ("x + 1", "'x' is not known"),
        ("__import__('os')", "'_' is not expected"),
        ("(1).real", "'.' is not expected"),
        ("[1]*9", "is not expected"),
        ("'a' * 9", "is not expected"),
        ("1 if 2 else 3", "is not expected"),
        ("15 % - 3", "per cent or a remainder"),
        ("9 ** 9 ** 9", "too large"),
        ("10 ** 1000 * 10 ** 1000", "too large"),
        ("exp(100000)", "too large"),
        ("1e9999", "too large"),
        ("2 ** 0.5 ** -99", "too large"),
        ("1 + " * 200 + "1", "too long"),
        ("(" * 100 + "1" + ")" * 100, "nested too deeply"),
        ("-" * 100 + "1", "nested too deeply"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason.replace("(", r"\(").replace(")", r"\)")):
        calculated(expression)


NUMBERS = st.integers(0, 10**6).map(str) | st.decimals(0, 1_000, places=3, allow_nan=False).map(lambda d: f"{d:f}")
EXPRESSIONS = st.recursive(
    NUMBERS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//"]), inner).map("".join)
        | st.tuples(inner, inner).map(lambda sides: f"({sides[0]}) % ({sides[1]})")
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"-({text})")
    ),
    max_leaves=20,
)


def _by_python(node: ast.expr, source: str) -> Fraction:
    """The value by Python's own grammar, each number as it is written."""
    match node:
        case ast.BinOp(left, kind, right):
            return Fraction(OPERATIONS[type(kind)](_by_python(left, source), _by_python(right, source)))
        case ast.UnaryOp(ast.USub(), operand):
            return -_by_python(operand, source)
        case _:
            return Fraction(ast.get_source_segment(source, node) or "")


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_arithmetic_agrees_with_exact_fractions_and_python_s_grammar(expression: str) -> None:
    if len(expression) > MOST_CHARS:
        return
    try:
        expected = _by_python(ast.parse(expression, mode="eval").body, expression)
    except ZeroDivisionError:
        with pytest.raises(Refused, match="Division by zero"):
            calculated(expression)
        return
    number = calculated(expression)
    assert math.isclose(number.value, expected, rel_tol=1e-25) or number.value == expected
    assert number.digits is not None or number.value == expected


def _number_or_reason(expression: str) -> str:
    try:
        return said(expression)
    except Refused as refusal:
        return refusal.detail


@settings(max_examples=500, deadline=None)
@given(st.text("0123456789.+-*/%^()eE, sqrtlnmaxπ_!'[]", max_size=80) | st.text(max_size=60))
def test_whatever_is_written_there_is_a_number_or_a_reason(expression: str) -> None:
    assert _number_or_reason(expression)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["9", "**", "*", "99", "(", ")", "-", "0.1", "exp(", "factorial(", "1e4000"]), max_size=60)
)
def test_no_number_grows_beyond_its_bound(parts: list[str]) -> None:
    try:
        value = calculated("".join(parts)).value
    except Refused:
        return
    assert max(value.numerator.bit_length(), value.denominator.bit_length()) <= MOST_BITS + 300
