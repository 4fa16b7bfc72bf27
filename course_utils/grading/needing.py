"""Find which code an answer needs, so that no question pays for imports that it does not use."""

import ast
import symtable
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_DYNAMIC = {"exec", "eval", "globals", "locals", "vars", "get_ipython"}


@dataclass(frozen=True)
class Piece:
    """Some code, the names that it gives and those that it uses."""

    code: str
    gives: frozenset[str]
    uses: frozenset[str]


def needed(cells: Sequence[str], others: Mapping[str, str], sources: Iterable[str]) -> str:
    """Return what of the setup ``cells`` and of ``others`` must run before ``sources``.

    Of the setup's statements those whose names are used, directly or by one another; all of them
    if a source can't be read or looks names up by text. Of the other answers likewise, whole.

    Examples
    --------
    >>> print(needed(["import math\\nimport keras", "m = math.pi"], {}, ["print(m)"]))
    import math
    m = math.pi
    """
    setup = [piece for cell in cells for piece in _pieces(cell)]
    helpers = [piece for code in others.values() if (piece := _piece(code))]
    wanted = set()
    for source in sources:
        piece = _piece(source)
        if piece is None or piece.uses & _DYNAMIC:
            return "\n".join(piece.code for piece in setup)
        wanted |= piece.uses
    chosen: set[int] = set()
    pieces = setup + helpers
    while grown := {i for i, piece in enumerate(pieces) if piece.gives & wanted} - chosen:
        chosen |= grown
        for i in grown:
            wanted |= pieces[i].uses
    return "\n".join(pieces[i].code for i in sorted(chosen))


def _pieces(cell: str) -> list[Piece]:
    """Return the statements of one of our own cells; an import of several names is split."""
    pieces = []
    for statement in ast.parse(cell).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for name in statement.names:
                one = _with_names(statement, [name])
                pieces.append(_of(ast.unparse(one)))
        else:
            pieces.append(_of(ast.unparse(statement)))
    return pieces


def _with_names(statement: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(statement.module, names, statement.level)


def _piece(code: str) -> Piece | None:
    try:
        return _of(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of(code: str) -> Piece:
    module = symtable.symtable(code, "<answer>", "exec")
    names = module.get_symbols()
    gives = {n.get_name() for n in names if n.is_assigned() or n.is_imported()}
    uses = {n.get_name() for n in names if n.is_referenced()}
    return Piece(code, frozenset(gives), frozenset(uses | _from_outside(module)))


def _from_outside(table: symtable.SymbolTable) -> set[str]:
    """Return the global names that the functions and classes in a scope use."""
    names = set()
    for child in table.get_children():
        names |= {n.get_name() for n in child.get_symbols() if n.is_global() and n.is_referenced()}
        names |= _from_outside(child)
    return names
