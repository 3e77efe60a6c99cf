"""A tool: a typed function with a docstring, made by `@tool`.

    @tool(timeout_seconds=5)
    async def weather(call: Call, city: Annotated[str, Field(description="As the user wrote it.")]) -> Result:
        \"\"\"Tell the weather of today in a city.\"\"\"
        ...

Put it into a file of `specialists/tools/shipped` and its name into a specialist's `tools:`; what users read while it
works is the text `tool-weather` (in a name of several words, dashes for underscores).
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, get_type_hints

from pydantic import BaseModel, ConfigDict, JsonValue, create_model

from specialists.tools.call import Audience, Call

Result = Mapping[str, JsonValue] | Sequence[JsonValue] | str
"""What a tool answers: anything that JSON can say."""

Function = Callable[Concatenate[Call, ...], Awaitable[Result]]
ArgumentsFor = Callable[[Audience], type[BaseModel]]

TIMEOUT_SECONDS = 10.0
OUTPUT_CHARS = 6_000


def always(_: Call) -> bool:
    return True


def where_acting(call: Call) -> bool:
    """Only where the turn may cause something."""
    return call.actions is not None


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    """For the model: what it does and when to use it."""
    function: Function
    """Raises `Refused` with a `detail` for the model when it cannot do what it is asked."""
    arguments: ArgumentsFor
    """The model of its arguments, which may depend on who speaks to whom."""
    offered: Callable[[Call], bool] = always
    """Whether it makes sense in this reply at all."""
    approval: bool = False
    """A person must say yes to every call."""
    for_everybody: bool = False
    """Every specialist has it, named in its file or not."""
    timeout_seconds: float = TIMEOUT_SECONDS
    output_chars: int = OUTPUT_CHARS
    """Of the result, as JSON; what is longer is cut, and the model is told."""

    @property
    def title(self) -> str:
        """Fluent key of what users read while it works: `tool-` and the name with dashes."""
        return f"tool-{self.name.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a tool is called in one company."""

    arguments: type[BaseModel]
    schema: dict[str, Any]


def shape(tool: Tool, audience: Audience) -> Shape:
    """Takes half a millisecond or more; whoever asks often remembers it."""
    arguments = tool.arguments(audience)
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    return Shape(arguments, schema)


def tool(
    *,
    approval: bool = False,
    for_everybody: bool = False,
    timeout_seconds: float = TIMEOUT_SECONDS,
    output_chars: int = OUTPUT_CHARS,
    offered: Callable[[Call], bool] = always,
    arguments: ArgumentsFor | None = None,
) -> Callable[[Function], Tool]:
    """Make a `Tool` of an async function: its name, its docstring, and its parameters after the first, the `Call`.

    `arguments` replaces what is read from the annotations, for a tool whose arguments depend on the reply.
    TypeError when the docstring or an annotation is missing.
    """

    def made(function: Function) -> Tool:
        name = function.__name__
        description = inspect.getdoc(function)
        if not description:
            raise TypeError(f"the tool {name} has no docstring to tell a model what it does")
        fixed = None if arguments else _arguments(name, function)
        return Tool(
            name=name,
            description=description,
            function=function,
            arguments=arguments or (lambda _: fixed or Arguments),
            offered=offered,
            approval=approval,
            for_everybody=for_everybody,
            timeout_seconds=timeout_seconds,
            output_chars=output_chars,
        )

    return made


class Arguments(BaseModel):
    """Base of all arguments: what is not asked for is refused, so that a slip of the model is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _arguments(name: str, function: Function) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    _, *parameters = inspect.signature(function).parameters.values()
    fields: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name not in hints:
            raise TypeError(f"the parameter {parameter.name} of the tool {name} has no type")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    return create_model(name, __base__=Arguments, **fields)
