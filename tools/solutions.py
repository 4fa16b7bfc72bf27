"""The solutions as the package ships them: ``python tools/solutions.py`` writes them anew."""

import jupytext

from tools.notebooks import MARKER, ROOT, SOURCES

PATH = ROOT / "course_utils" / "checks" / "solutions.toml"
HEAD = "# One solution for every exercise, taken from notebooks/source/exercises/ by the build.\n"


def text() -> str:
    """Return the file with the answer cells of all sources, solved."""
    entries = []
    for source in sorted((SOURCES / "exercises").glob("[0-9][0-9]_*.py")):
        for cell in jupytext.read(source, fmt="py:percent").cells:
            about = cell.metadata.get("exercise", {})
            if about.get("role") == "answer":
                code = MARKER.sub("", cell.source).strip()
                entries.append(f"\n\"{about['id']}\" = '''\n{code}\n'''\n")
    return HEAD + "".join(entries)


def write() -> None:
    """Bring the file up to date."""
    if not PATH.exists() or PATH.read_text(encoding="utf-8") != text():
        PATH.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
