"""A formula for patience, as LiveKit's `waitFunction` is written: "20 + 500 * sqrt(x) + 2500 * x^3"."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable

DEFAULT = "20 + 500 * sqrt(x) + 2500 * x^3"
"""Of a plan that names LiveKit and no formula."""
LONGEST = 300
"""Characters of a formula."""
DEEPEST = 40
"""Operations within one another."""
LONGEST_WAIT = 15.0
"""Seconds: no formula has a caller wait for more."""

Formula = Callable[[float], float]

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "min": min,
    "max": max,
}
_SEVERAL = ("min", "max")


class FormulaError(ValueError):
    """It is no formula, or has no value for some x in [0, 1]."""


def wait_function(text: str) -> Formula:
    """Takes x in [0, 1], 0 = surely finished, to seconds in [0, 15]. The formula itself is in milliseconds.

    Raises FormulaError.
    """
    if len(text) > LONGEST:
        raise FormulaError(f"a wait function has at most {LONGEST} characters")
    try:
        formula = _made(ast.parse(text.replace("^", "**"), mode="eval").body, DEEPEST)
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise error if isinstance(error, FormulaError) else FormulaError("a wait function is a formula of x") from None

    def seconds(x: float) -> float:
        return min(max(formula(x) / 1000, 0.0), LONGEST_WAIT)

    for percent in range(101):
        try:
            value = seconds(percent / 100)
        except (ArithmeticError, ValueError):
            value = math.nan
        if math.isnan(value):
            raise FormulaError("a wait function has a value for every x from 0 to 1")
    return lambda x: seconds(round(x, 2))  # as it was tried


def _made(node: ast.expr, deep: int) -> Formula:
    if deep == 0:
        raise FormulaError("a wait function is simpler than that")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            constant = _float(value)
            return lambda x: constant
        case ast.Name(id="x"):
            return lambda x: x
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
            one, apply = _made(operand, deep - 1), _UNARY[type(sign)]
            return lambda x: apply(one(x))
        case ast.BinOp(left=left, op=between, right=right) if type(between) in _BINARY:
            first, second, join = _made(left, deep - 1), _made(right, deep - 1), _BINARY[type(between)]
            return lambda x: join(first(x), second(x))
        case ast.Call(func=ast.Name(id=name), args=[_, *more] as given, keywords=[]) if name in _FUNCTIONS:
            if bool(more) != (name in _SEVERAL):
                raise FormulaError(f"a wait function gives {name} another number of values than it takes")
            values, function = [_made(value, deep - 1) for value in given], _FUNCTIONS[name]
            return lambda x: function(*(value(x) for value in values))
    raise FormulaError("a wait function is made of x, numbers, + - * / ^, sqrt, exp, log, abs, min and max")


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise FormulaError("a wait function has a number that is too large") from None
