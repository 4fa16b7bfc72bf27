"""Every small change to the code of a solution; its check should notice each."""

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.code_changes import Text, changes

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"


@dataclass(frozen=True)
class Mutant:
    """The code of a cell with one small change."""

    before: str
    after: str
    code: str

    @property
    def key(self) -> str:
        """The changed line, as a bank's ``EQUIVALENT`` names it."""
        return f"{self.before} -> {self.after}"


def mutants(code: str) -> list[Mutant]:
    """Return every mutant of what stands between the solution's markers in ``code``.

    Examples
    --------
    >>> [m.key for m in mutants(f"{BEGIN}\\nx = 2\\n{END}")]
    ['x = 2 -> pass', 'x = 2 -> x = 3', 'x = 2 -> x = 1']
    """
    tree = ast.parse(code)
    text = Text(code)
    seen, found = {ast.dump(tree)}, []
    for node in _marked(tree, code):
        for start, end, new in changes(node, text):
            changed = (text.code[:start] + new.encode() + text.code[end:]).decode()
            try:
                dump = ast.dump(ast.parse(changed))
            except SyntaxError:
                continue
            if dump not in seen:
                seen.add(dump)
                found.append(Mutant(*_difference(code, changed), changed))
    return found


def _marked(tree: ast.AST, code: str) -> Iterator[ast.AST]:
    """Yield the nodes whose lines all stand between the markers; no parts of f-strings."""
    marked, inside = set(), False
    for number, line in enumerate(code.splitlines(), start=1):
        inside = line.strip() == BEGIN or (inside and line.strip() != END)
        marked |= {number} if inside else set()

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        if hasattr(node, "lineno") and set(range(node.lineno, node.end_lineno + 1)) <= marked:
            yield node
        if not isinstance(node, ast.JoinedStr):
            for child in ast.iter_child_nodes(node):
                yield from walk(child)

    return walk(tree)


def _difference(old: str, new: str) -> tuple[str, str]:
    """Return the lines that differ, each side on one line without comments."""
    a, b = old.splitlines(), new.splitlines()
    head = _equal(a, b)
    a, b = a[head:], b[head:]
    tail = _equal(a[::-1], b[::-1])
    sides = (
        " ".join(re.sub(r"\s# .*", "", line) for line in part[: len(part) - tail])
        for part in (a, b)
    )
    before, after = (re.sub(r"\s+", " ", side).strip() for side in sides)
    return before, after or "(deleted)"


def _equal(a: list[str], b: list[str]) -> int:
    """Return how many lines at the beginning are the same."""
    pairs = zip(a, b, strict=False)
    return len([*itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)])
