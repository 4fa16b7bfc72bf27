"""Take the answers out of a notebook that anybody may have made."""

import json
import re
from typing import Any

from course_utils.grading.archives import BadFile

LONGEST = 20_000  # bytes of an answer; a table of labels would take more
MOST_PARTS = 500_000  # lists and dictionaries in a notebook's JSON; each takes a lot of memory
_ID = re.compile(r"[0-9]{2}\.[0-9]{1,2}")


def answer_cells(content: bytes) -> tuple[list[tuple[str, str]], list[str]]:
    """Return id and source of each answer cell, and a line for each cell that is odd.

    Raises
    ------
    BadFile
        If it is no notebook of version 4.

    Examples
    --------
    >>> answer_cells(b"{")
    Traceback (most recent call last):
    course_utils.grading.archives.BadFile: is not a notebook: its JSON is damaged or cut off
    """
    cells, odd = [], []
    for cell in _cells(content):
        about = cell.get("metadata")
        about = about.get("exercise") if isinstance(about, dict) else None
        if not isinstance(about, dict) or about.get("role") != "answer":
            continue
        id, source = about.get("id"), _text(cell.get("source"))
        if not isinstance(id, str) or not _ID.fullmatch(id):
            odd.append("an answer cell without a proper id")
        elif cell.get("cell_type") != "code" or source is None:
            odd.append(f"the answer cell of {id} holds no code")
        elif len(source.encode()) > LONGEST:
            odd.append(f"the answer to {id} is longer than {LONGEST:,} bytes")
        else:
            cells.append((id, source))
    return cells, odd if cells or odd else ["no answer cells in it"]


def _cells(content: bytes) -> list[dict]:
    if content.count(b"[") + content.count(b"{") > MOST_PARTS:
        raise BadFile("holds far too much: clear its outputs and hand it in")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadFile("is not a notebook: its text is not UTF-8") from None
    except RecursionError:
        raise BadFile("is not a notebook: its JSON is nested too deeply") from None
    except ValueError:
        raise BadFile("is not a notebook: its JSON is damaged or cut off") from None
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        raise BadFile("is a notebook of version 3: open it in Jupyter and save it")
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or notebook.get("nbformat") != 4:
        raise BadFile("is not a notebook of version 4")
    return [cell for cell in cells if isinstance(cell, dict)]


def _text(source: Any) -> str | None:
    """Return a cell's source, which may be a list of lines, if it can be written as UTF-8."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    return source.encode("utf-8", "replace").decode("utf-8").replace("\0", "\\0")
