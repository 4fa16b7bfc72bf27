"""Small changes that a beginner could make by mistake, to one node of Python's syntax tree."""

import ast
import itertools
from collections.abc import Iterator

OPERATORS = {
    ast.Add: ("+", ["-"]),
    ast.Sub: ("-", ["+"]),
    ast.Mult: ("*", ["/", "+"]),
    ast.Div: ("/", ["*"]),
    ast.FloorDiv: ("//", ["/", "*"]),
    ast.Mod: ("%", ["//"]),
    ast.Pow: ("**", ["*"]),
    ast.MatMult: ("@", ["*"]),
    ast.Lt: ("<", ["<=", ">="]),
    ast.LtE: ("<=", ["<", ">"]),
    ast.Gt: (">", [">=", "<="]),
    ast.GtE: (">=", [">", "<"]),
    ast.Eq: ("==", ["!="]),
    ast.NotEq: ("!=", ["=="]),
    ast.Is: ("is", ["is not"]),
    ast.In: ("in", ["not in"]),
    ast.And: ("and", ["or"]),
    ast.Or: ("or", ["and"]),
}
_GROUPS = [
    "max min",
    "amax amin",
    "maximum minimum",
    "argmax argmin",
    "reduce_max reduce_min",
    "sum mean",
    "reduce_sum reduce_mean",
    "zeros ones",
    "zeros_like ones_like",
    "any all",
    "floor ceil",
    "hstack vstack",
    "convolve correlate",
    "square sqrt",
    "exp log",
    "MaxPooling2D AveragePooling2D",
    "GlobalMaxPooling2D GlobalAveragePooling2D",
    "Conv2D SeparableConv2D",
    "Add Concatenate",
    "SparseCategoricalCrossentropy CategoricalCrossentropy",
    "same valid",
    "valid full",
    "relu sigmoid",
    "softmax linear",
    "sparse_categorical_crossentropy categorical_crossentropy",
]
SIBLINGS: dict[str, list[str]] = {}
for _first, _second in map(str.split, _GROUPS):
    SIBLINGS.setdefault(_first, []).append(_second)
    SIBLINGS.setdefault(_second, []).append(_first)
UNWRAPPED = {"abs", "sqrt", "square", "exp", "log", "round", "floor", "ceil", "rint"}
UNWRAPPED |= {"flip", "sorted", "maximum", "minimum", "clip", "relu", "softmax"}

Change = tuple[int, int, str]  # from byte, to byte, new text


class Text:
    """The code as bytes, as `ast` counts columns, and where its nodes stand in it."""

    def __init__(self, code: str):
        self.code = code.encode()
        lengths = [len(line) for line in self.code.splitlines(keepends=True)]
        self.lines = [0, *itertools.accumulate(lengths)]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return the first byte of a node and the one after its last."""
        start = self.lines[node.lineno - 1] + node.col_offset
        return start, self.lines[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.AST) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.code[start:end].decode()

    def replaced(self, node: ast.AST, new: str) -> Change:
        """Return the change that puts another text in the place of a node."""
        return (*self.span(node), new)

    def operators(self, left: ast.AST, right: ast.AST, kind: ast.AST) -> Iterator[Change]:
        """Yield changes of the operator that stands between two operands."""
        symbol, others = OPERATORS.get(type(kind), ("", []))
        start, end = self.span(left)[1], self.span(right)[0]
        between = self.code[start:end].decode()
        yield from ((start, end, between.replace(symbol, other, 1)) for other in others)

    def dropped(self, items: list, position: int) -> Change:
        """Return the change that deletes one of several items and a comma."""
        if position + 1 < len(items):
            return self.span(items[position])[0], self.span(items[position + 1])[0], ""
        return self.span(items[position - 1])[1], self.span(items[position])[1], ""

    def swapped(self, first: ast.AST, second: ast.AST) -> Change:
        """Return the change that exchanges two nodes."""
        (start, middle), (after, end) = self.span(first), self.span(second)
        between = self.code[middle:after].decode()
        return start, end, self.of(second) + between + self.of(first)


def changes(node: ast.AST, text: Text) -> Iterator[Change]:
    """Yield what could be changed at a node of the tree, as edits of the text."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.For | ast.If):
        yield text.replaced(node, "pass")
    for kind, function in _CHANGES.items():
        if isinstance(node, kind):
            yield from function(node, text)


def _constant(node: ast.Constant, text: Text) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield text.replaced(node, str(not node.value))
    elif isinstance(node.value, int | float):
        yield from (text.replaced(node, repr(node.value + step)) for step in (1, -1))
    elif isinstance(node.value, str):
        yield from (text.replaced(node, f'"{other}"') for other in SIBLINGS.get(node.value, []))


def _binary(node: ast.BinOp, text: Text) -> Iterator[Change]:
    yield from text.operators(node.left, node.right, node.op)
    yield from (text.replaced(node, text.of(part)) for part in (node.left, node.right))


def _several(node: ast.Compare | ast.BoolOp, text: Text) -> Iterator[Change]:
    values = [node.left, *node.comparators] if isinstance(node, ast.Compare) else node.values
    kinds = node.ops if isinstance(node, ast.Compare) else itertools.repeat(node.op)
    for (left, right), kind in zip(itertools.pairwise(values), kinds, strict=False):
        yield from text.operators(left, right, kind)


def _augmented(node: ast.AugAssign, text: Text) -> Iterator[Change]:
    yield from text.operators(node.target, node.value, node.op)
    yield text.replaced(node, f"{text.of(node.target)} = {text.of(node.value)}")


def _unary(node: ast.UnaryOp, text: Text) -> Iterator[Change]:
    yield text.replaced(node, text.of(node.operand))


def _condition(node: ast.If | ast.While | ast.IfExp, text: Text) -> Iterator[Change]:
    yield text.replaced(node.test, f"not ({text.of(node.test)})")


def _comprehension(node: ast.ListComp, text: Text) -> Iterator[Change]:
    for condition in (test for part in node.generators for test in part.ifs):
        yield text.replaced(condition, "True")
        yield text.replaced(condition, f"not ({text.of(condition)})")


def _call(node: ast.Call, text: Text) -> Iterator[Change]:
    given = sorted([*node.args, *node.keywords], key=text.span)
    for position, item in enumerate(given):
        if len(given) > 1 and (item in node.keywords or item is node.args[-1]):
            yield text.dropped(given, position)
    if len(node.args) >= 2:
        yield text.swapped(*node.args[:2])
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    end = text.span(node.func)[1]
    for other in SIBLINGS.get(name, []):
        yield end - len(name), end, other
    if name in UNWRAPPED and node.args:
        yield text.replaced(node, text.of(node.args[0]))
    if name == "range" and not isinstance(node.args[-1], ast.Constant):
        stop = node.args[min(len(node.args) - 1, 1)]
        yield from _one_more_or_less(stop, text)


def _one_more_or_less(node: ast.AST, text: Text) -> Iterator[Change]:
    if not isinstance(node, ast.Constant):
        yield from (text.replaced(node, f"{text.of(node)} {step}") for step in ("+ 1", "- 1"))


def _slice(node: ast.Slice, text: Text) -> Iterator[Change]:
    start = text.span(node)[0]
    colon = start if node.lower is None else text.code.index(b":", text.span(node.lower)[1])
    if node.lower is None:
        yield start, start, "1"
    else:
        yield from _one_more_or_less(node.lower, text)
    if node.upper is None:
        yield colon + 1, colon + 1, "-1"
    else:
        yield from _one_more_or_less(node.upper, text)


def _sequence(node: ast.List | ast.Tuple, text: Text) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and len(node.elts) >= 2:
        if isinstance(node, ast.List):
            yield from (text.dropped(node.elts, position) for position in range(len(node.elts)))
        yield from (text.swapped(*pair) for pair in itertools.pairwise(node.elts))


def _attribute(node: ast.Attribute, text: Text) -> Iterator[Change]:
    if node.attr == "T":
        yield text.replaced(node, text.of(node.value))


def _return(node: ast.Return, text: Text) -> Iterator[Change]:
    yield text.replaced(node, "return None")


_CHANGES = {
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.Compare: _several,
    ast.BoolOp: _several,
    ast.AugAssign: _augmented,
    ast.UnaryOp: _unary,
    (ast.If, ast.While, ast.IfExp): _condition,
    (ast.ListComp, ast.GeneratorExp, ast.SetComp): _comprehension,
    ast.Call: _call,
    ast.Slice: _slice,
    (ast.List, ast.Tuple): _sequence,
    ast.Attribute: _attribute,
    ast.Return: _return,
}
