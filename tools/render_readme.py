"""Render what the README generates: launch links, the table of lessons and the tables of results.

Each part stands between ``<!-- NAME:start -->`` and ``<!-- NAME:end -->``; the rest is written
by hand.
"""

import re
from pathlib import Path

import nbformat

from course_utils import claims
from tools import links
from tools.notebooks import ROOT, targets

README = ROOT / "README.md"


def rendered(text: str, parts: dict[str, str]) -> str:
    """Return ``text`` with every generated part replaced.

    Raises
    ------
    ValueError
        If the text lacks the markers of a part.
    """
    for name, content in parts.items():
        pattern = re.compile(rf"(<!-- {name}:start -->\n).*?(<!-- {name}:end -->)", re.S)
        if not pattern.search(text):
            raise ValueError(f"README.md lacks the markers of {name!r}")
        text = pattern.sub(lambda found, new=content: f"{found[1]}{new}\n{found[2]}", text)
    return text


def parts() -> dict[str, str]:
    """Return the content of every generated part."""
    repository = links.repository()
    return {
        "badges": badges(repository),
        "clone": clone(repository),
        "lessons": lesson_table(repository),
        "results": result_table("full"),
        "bench": result_table("bench"),
    }


def badges(repository: str) -> str:
    """Return the badge of the checks, or how to get badges."""
    if repository:
        return links.checks_badge(repository)
    return (
        "*Badges and launch links for Colab and Binder appear once the public address is set:* "
        "`make links REPO=owner/name`"
    )


def clone(repository: str) -> str:
    """Return the line that clones the course."""
    address = f"https://github.com/{repository}" if repository else "THIS-REPOSITORY"
    return f"```sh\ngit clone --depth 1 {address} cnn-course && cd cnn-course\nmake lab\n```"


def lesson_table(repository: str) -> str:
    """Return a row per lesson: title, promise, minutes and launch links."""
    header = ["lesson", "what you do", "minutes"]
    header += ["open"] if repository else []
    rows = [_row(header), _row(["---"] * len(header))]
    for target in targets():
        if target.kind != "lesson":
            continue
        notebook = nbformat.read(target.path, as_version=4)
        title, promise = _title_and_promise(notebook.cells[0].source)
        path = target.path.relative_to(ROOT).as_posix()
        row = [f"[{title}]({path})", promise, str(notebook.metadata["course"]["minutes"])]
        if repository:
            row.append(links.badges(repository, path).replace("\n", " "))
        rows.append(_row(row))
    return "\n".join(rows)


def result_table(group: str) -> str:
    """Return the results of a group (``"full"`` or ``"bench"``) as a table.

    Of the many measurements at full size only accuracies on a test set are shown.
    """
    found = [r for r in claims.results().values() if group in r.id.split(".")[:2]]
    found = [r for r in found if r.target or r.id.endswith("-test")]
    if not found:
        return "*Nothing recorded yet.*"
    rows = [_row(["measured", "result", "target", "runs", "on", "date"]), _row(["---"] * 6)]
    for result in found:
        rows.append(
            _row(
                [
                    result.statement,
                    shown(result),
                    result.target or "–",
                    str(len(result.values)),
                    result.device,
                    result.date,
                ]
            )
        )
    return "\n".join(rows)


def shown(result: claims.Result) -> str:
    """Return a result as the tables show it: mean, spread over seeds, unit."""
    digits = 2 if result.unit in ("%", "x", "s") else 0
    spread = f" ± {result.spread:.{digits}f}" if len(result.seeds) > 1 else ""
    return f"{result.mean:.{digits}f}{spread} {result.unit}"


def main(path: Path = README) -> None:
    """Render the README in place."""
    text = path.read_text(encoding="utf-8")
    path.write_text(rendered(text, parts()), encoding="utf-8")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _title_and_promise(header: str) -> tuple[str, str]:
    title, promise = re.match(r"# (.+?)\n+\*(.+?)\*\n", header, re.S).groups()
    return title, " ".join(promise.split())


if __name__ == "__main__":
    main()
