"""`calculate`: arithmetic that is right."""

from typing import Annotated

from pydantic import Field

from specialists.tools.call import Call
from specialists.tools.expression import MOST_CHARS, calculated
from specialists.tools.tool import Result, tool

_EXPRESSION = (
    "For example `(1200 * 1.05 ** 3 - 1200) / 3` or `15% of 80`. Operators + - * / // % ** and brackets; `10%` is 0.1, "
    "`10 % 3` the remainder 1. Functions sqrt, abs, round(x, places), floor, ceil, min, max, sum, mean, median, exp, "
    "ln, log(x, base), log10, log2, sin, cos, tan and their inverses (radians), degrees, radians, factorial, gcd, lcm; "
    "pi, e. Decimals with a point."
)


@tool(timeout_seconds=5)
async def calculate(
    _: Call, expression: Annotated[str, Field(description=_EXPRESSION, min_length=1, max_length=MOST_CHARS)]
) -> Result:
    """Work out an arithmetic expression exactly. Use it for every calculation that is not trivial."""
    number = calculated(expression)
    return {"expression": expression, "result": str(number), "exact": number.is_shown_whole}
