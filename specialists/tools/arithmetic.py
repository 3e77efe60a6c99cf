"""Numbers that stay exact as long as they can, and never grow too large to be worked with quickly.

Sums, products, quotients and whole powers are exact fractions, so 0.1 + 0.2 is 0.3. Roots, logarithms and the like
have 30 right digits, functions of angles 12.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction

from bot.domain.errors import Refused

MOST_BITS = 4_096
"""Of a number's numerator and denominator; some 1,230 digits."""

_DIGITS = 30
_ANGLE_DIGITS = 12
_ANGLE_PLACES = 15
_SHOWN_DIGITS = 60
_WORKING_DIGITS = 60
_LARGEST_ANGLE = 10_000
_LARGEST_FACTORIAL = 500
_MOST_PLACES = 60


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction
    digits: int | None = None
    """How many of its digits are right; None when it is exact."""

    def __str__(self) -> str:
        """In decimals: all of them when the number is exact and short enough, else rounded."""
        if self.is_shown_whole:
            return _plain(self.value)
        wanted = min(self.digits or _DIGITS, _DIGITS)
        rounded = Context(prec=wanted).plus(_decimal(self.value))
        text = f"{rounded.normalize(Context(prec=wanted)):f}" if -20 < rounded.adjusted() < wanted else f"{rounded:e}"
        return text.replace("e", "E")

    @property
    def is_shown_whole(self) -> bool:
        """Whether its text is the number itself and not a rounded one."""
        if self.digits is not None:
            return False
        return _places(self.value.denominator) is not None and len(str(abs(self.value.numerator))) <= 300


def whole(value: int) -> Number:
    return Number(Fraction(value))


def literal(text: str) -> Number:
    try:
        return _bounded(Fraction(text.rstrip(".").replace("_", "")), None)
    except ValueError as error:
        raise Refused(f"{text!r} is not a number.") from error


def constant(name: str) -> Number:
    known = {"pi": _PI, "π": _PI, "e": _E, "tau": _PI * 2}
    if name.lower() not in known:
        raise Refused(f"{name!r} is not known. Functions: {', '.join(sorted(_FUNCTIONS))}; constants: pi, e, tau.")
    return Number(known[name.lower()], _DIGITS)


def apply(name: str, arguments: Sequence[Number]) -> Number:
    """The function `name` of the arguments. Refused when it is not known, or not defined there."""
    known = _FUNCTIONS.get(name.lower())
    if known is None:
        raise Refused(f"The function {name!r} is not known. There are: {', '.join(sorted(_FUNCTIONS))}.")
    least, most, function = known
    if not least <= len(arguments) <= most:
        raise Refused(f"{name} takes {least if least == most else f'{least} to {most}'} arguments.")
    try:
        return function(arguments)
    except (ValueError, ArithmeticError) as error:
        raise Refused(f"{name} is not defined there, or the result is too large.") from error


def add(a: Number, b: Number) -> Number:
    return _bounded(a.value + b.value, _fewest(a, b))


def subtract(a: Number, b: Number) -> Number:
    return _bounded(a.value - b.value, _fewest(a, b))


def negate(a: Number) -> Number:
    return Number(-a.value, a.digits)


def multiply(a: Number, b: Number) -> Number:
    return _bounded(a.value * b.value, _fewest(a, b))


def divide(a: Number, b: Number) -> Number:
    _not_zero(b)
    return _bounded(a.value / b.value, _fewest(a, b))


def floor_divide(a: Number, b: Number) -> Number:
    _not_zero(b)
    return _bounded(Fraction(a.value // b.value), _fewest(a, b))


def remainder(a: Number, b: Number) -> Number:
    """With the sign of `b`, as mathematicians take it."""
    _not_zero(b)
    return _bounded(a.value % b.value, _fewest(a, b))


def power(a: Number, b: Number) -> Number:
    """Exact for whole exponents while the result is of bearable size, else to 30 digits."""
    if a.value == 0 and b.value < 0:
        raise Refused("Zero has no negative power.")
    if b.value.denominator == 1:
        exponent = int(b.value)
        if abs(a.value) in (0, 1) and abs(exponent) > 2:
            exponent = 2 + exponent % 2
        size = max(a.value.numerator.bit_length(), a.value.denominator.bit_length())
        if size * abs(exponent) <= MOST_BITS:
            return _bounded(a.value**exponent, _fewest(a, b))
    elif a.value < 0:
        raise Refused("A negative number has no such power.")
    try:
        sign = -1 if a.value < 0 and b.value.numerator % 2 else 1
        result = _context().power(_decimal(abs(a.value)), _decimal(b.value))
    except DecimalException as error:
        raise _too_large() from error
    return _bounded(Fraction(result) * sign, min(_DIGITS, _fewest(a, b) or _DIGITS))


def _bounded(value: Fraction, digits: int | None) -> Number:
    above, below = value.numerator.bit_length(), value.denominator.bit_length()
    if max(above, below) <= MOST_BITS:
        return Number(value, digits)
    if abs(above - below) > MOST_BITS or value.denominator == 1:
        raise _too_large()
    return Number(Fraction(_decimal(value)), min(_DIGITS, digits or _DIGITS))


def _too_large() -> Refused:
    return Refused("The result is too large or too small to work with: at most some 1,200 digits.")


def _fewest(a: Number, b: Number) -> int | None:
    return min((one.digits for one in (a, b) if one.digits is not None), default=None)


def _not_zero(b: Number) -> None:
    if b.value == 0:
        raise Refused("Division by zero.")


def _context() -> Context:
    return Context(prec=_WORKING_DIGITS, Emax=5_000, Emin=-5_000, traps=[Overflow, InvalidOperation, DivisionByZero])


def _decimal(value: Fraction) -> Decimal:
    return _context().divide(Decimal(value.numerator), Decimal(value.denominator))


def _places(denominator: int) -> int | None:
    """How many decimals a fraction with that denominator has; None when they are endless or too many to show."""
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    return places if rest == 1 and places <= _MOST_PLACES else None


def _plain(value: Fraction) -> str:
    places = _places(value.denominator) or 0
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 else text


# Functions

Function = Callable[[Sequence[Number]], Number]


def _exactly(function: Callable[[Fraction], Fraction | int]) -> Function:
    return lambda given: Number(Fraction(function(given[0].value)), given[0].digits)


def _to_digits(function: Callable[[Context, Decimal], Decimal]) -> Function:
    def applied(given: Sequence[Number]) -> Number:
        result = Fraction(function(_context(), _decimal(given[0].value)))
        return _bounded(result, min(_DIGITS, given[0].digits or _DIGITS))

    return applied


def _of_float(function: Callable[[float], float]) -> Function:
    def applied(given: Sequence[Number]) -> Number:
        result = round(function(float(given[0].value)), _ANGLE_PLACES)
        return Number(Fraction(repr(result)), _ANGLE_DIGITS)

    return applied


def _of_angle(function: Callable[[float], float]) -> Function:
    def applied(given: Sequence[Number]) -> Number:
        if abs(given[0].value) > _LARGEST_ANGLE:
            raise Refused(f"Angles go up to {_LARGEST_ANGLE:,} radians.")
        return _of_float(function)(given)

    return applied


def _square_root(given: Sequence[Number]) -> Number:
    value = given[0].value
    if value < 0:
        raise Refused("A negative number has no square root.")
    above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if above * above == value.numerator and below * below == value.denominator:
        return Number(Fraction(above, below), given[0].digits)
    return _to_digits(lambda context, number: context.sqrt(number))(given)


def _logarithm(given: Sequence[Number]) -> Number:
    """Natural without a base."""
    natural = _to_digits(lambda context, number: context.ln(number))
    if any(one.value <= 0 for one in given):
        raise Refused("Only numbers above zero have a logarithm.")
    if len(given) == 1:
        return natural(given)
    return divide(natural(given[:1]), natural(given[1:]))


def _rounded(given: Sequence[Number]) -> Number:
    """Halves away from zero, as people round money."""
    places = _integer(given[1]) if len(given) > 1 else 0
    if abs(places) > _MOST_PLACES:
        raise Refused(f"Round to at most {_MOST_PLACES} places.")
    scale = Fraction(10) ** places
    scaled = abs(given[0].value) * scale
    nearest = math.floor(scaled + Fraction(1, 2)) / scale
    return Number(nearest if given[0].value >= 0 else -nearest)


def _integer(number: Number) -> int:
    if number.value.denominator != 1:
        raise Refused("A whole number is needed there.")
    return int(number.value)


def _factorial(given: Sequence[Number]) -> Number:
    n = _integer(given[0])
    if not 0 <= n <= _LARGEST_FACTORIAL:
        raise Refused(f"Factorials go from 0 to {_LARGEST_FACTORIAL}.")
    return _bounded(Fraction(math.factorial(n)), None)


def _sum(given: Sequence[Number]) -> Number:
    total = given[0]
    for one in given[1:]:
        total = add(total, one)
    return total


def _median(given: Sequence[Number]) -> Number:
    ordered = sorted(given, key=lambda one: one.value)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else divide(add(ordered[middle - 1], ordered[middle]), whole(2))


_MANY = 250
_PI = Fraction("3.141592653589793238462643383279502884197169399375105820974944")
_E = Fraction("2.718281828459045235360287471352662497757247093699959574966968")

_FUNCTIONS: Mapping[str, tuple[int, int, Function]] = {
    "abs": (1, 1, _exactly(abs)),
    "floor": (1, 1, _exactly(math.floor)),
    "ceil": (1, 1, _exactly(math.ceil)),
    "round": (1, 2, _rounded),
    "min": (1, _MANY, lambda given: min(given, key=lambda one: one.value)),
    "max": (1, _MANY, lambda given: max(given, key=lambda one: one.value)),
    "sum": (1, _MANY, _sum),
    "mean": (1, _MANY, lambda given: divide(_sum(given), whole(len(given)))),
    "median": (1, _MANY, _median),
    "gcd": (2, _MANY, lambda given: whole(math.gcd(*map(_integer, given)))),
    "lcm": (2, _MANY, lambda given: _bounded(Fraction(math.lcm(*map(_integer, given))), None)),
    "factorial": (1, 1, _factorial),
    "sqrt": (1, 1, _square_root),
    "exp": (1, 1, _to_digits(lambda context, number: context.exp(number))),
    "ln": (1, 1, _logarithm),
    "log": (1, 2, _logarithm),
    "log10": (1, 1, _to_digits(lambda context, number: context.log10(number))),
    "log2": (1, 1, lambda given: _logarithm((given[0], whole(2)))),
    "sin": (1, 1, _of_angle(math.sin)),
    "cos": (1, 1, _of_angle(math.cos)),
    "tan": (1, 1, _of_angle(math.tan)),
    "asin": (1, 1, _of_float(math.asin)),
    "acos": (1, 1, _of_float(math.acos)),
    "atan": (1, 1, _of_float(math.atan)),
    "degrees": (1, 1, lambda given: divide(multiply(given[0], whole(180)), constant("pi"))),
    "radians": (1, 1, lambda given: divide(multiply(given[0], constant("pi")), whole(180))),
}
"""Name: fewest and most arguments, what it does."""
