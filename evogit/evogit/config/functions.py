"""What ``evogit.toml`` may say of a numeric function in the code that evolves: what it is asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from evogit.config.values import InnerPath, Model, Number, Text, Whole
from evogit.genome.numeric import FAILURES, UNREAD, read
from evogit.syntax import NO_PYTHON, parse

_Identifier = Annotated[Text, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Range = tuple[Whole, Whole] | tuple[Number, Number]


class Function(Model):
    """A Python function of numbers, and the numbers it is asked; ``[[search.functions]]``.

    Two versions that answer alike everywhere there are one, and only the first is judged.
    """

    file: InnerPath
    name: _Identifier
    """Defined once, at the top of ``file``."""
    arguments: Annotated[
        dict[_Identifier, Whole | Number | Range], Field(min_length=1, max_length=16)
    ]
    """All arguments by name: one number, or ``[lowest, highest]``, of which all are asked if both are
    whole (``[0, 1]``) and a sample if not (``[0.0, 1.0]``)."""
    where: Text = ""
    """A condition on the arguments; what does not meet it is never asked."""
    ranks: _Identifier | None = None
    """Answers are only compared with each other, between points that differ in this argument alone:
    versions that rank these alike are one."""

    @model_validator(mode="after")
    def _consistent(self) -> Function:
        for name, values in self.arguments.items():
            if isinstance(values, tuple) and not values[0] <= values[1]:
                raise ValueError(f"arguments.{name} needs the lower bound first")
        if self.ranks is not None and not isinstance(self.arguments.get(self.ranks), tuple):
            raise ValueError(f"ranks is {self.ranks!r}, which is no argument with a range")
        self._check_condition()
        return self

    def _check_condition(self) -> None:
        if not self.where:
            return
        point = {n: float(v[0] if isinstance(v, tuple) else v) for n, v in self.arguments.items()}
        try:
            read(parse(self.where, "eval").body)(point)
        except KeyError as error:
            raise ValueError(f"where names {error}, which is no argument") from None
        except FAILURES:
            return  # it holds nowhere where it fails
        except (*UNREAD, *NO_PYTHON) as error:
            raise ValueError(f"where is no condition on numbers: {self.where!r}") from error
