"""Walk through one exercise of every lesson in a real browser: ``... FOLDER [01 02 ...]``.

In JupyterLab, headless: open the blank notebook, run all, fail at the check, take a hint, make a
slip, put the solution in, pass. The pictures of each step go to FOLDER, to be looked at. It needs
Chromium (Debian: apt install chromium) and playwright (pip install playwright, in an environment of
its own: the course does without it); JupyterLab and the kernel are those of ``.venv``.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Exercise:
    """The first exercise of a lesson: where its cells stand in the notebook, and its solution."""

    id: str
    path: Path
    answer: int
    check: int
    solution: str

    @property
    def slip(self) -> str:
        """The solution with its last number or sign changed, as a learner might."""
        from tools.mutants import BEGIN, END, mutants

        head, *body = self.solution.splitlines()
        marked = [head, f"    {BEGIN}", *body, f"    {END}"]
        changed = mutants("\n".join(marked if head.endswith(":") else [BEGIN, head, *body, END]))
        code = next(m.code for m in reversed(changed) if m.after not in ("pass", "return None"))
        return "\n".join(line for line in code.splitlines() if "SOLUTION" not in line)


def first_exercise(lesson: str) -> Exercise:
    """Return the first exercise of a lesson, read from its stored notebooks."""
    (path,) = (NOTEBOOKS / "exercises").glob(f"{lesson}_*.ipynb")
    cells, solved = (
        json.loads((NOTEBOOKS / folder / path.name).read_text(encoding="utf-8"))["cells"]
        for folder in ("exercises", "solutions")
    )
    roles = [cell["metadata"].get("exercise", {}).get("role") for cell in cells]
    answer, check = roles.index("answer"), roles.index("check")
    id = cells[answer]["metadata"]["exercise"]["id"]
    return Exercise(id, path, answer, check, "".join(solved[answer]["source"]))


@contextlib.contextmanager
def jupyterlab(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve ``folder``; give the address and the token."""
    settings = folder / ".settings"
    for name, values in SETTINGS.items():
        path = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    command = [ROOT / ".venv/bin/jupyter", "lab", "--no-browser", "--ip=127.0.0.1"]
    command += [f"--port={port}", f"--IdentityProvider.token={token}", "--allow-root"]
    server = subprocess.Popen(
        [*command, f"--ServerApp.root_dir={folder}"],
        env=os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(settings)},
        stdout=subprocess.DEVNULL,
        stderr=(folder / ".log").open("w"),
    )
    try:
        yield f"http://127.0.0.1:{port}", token
    finally:
        server.terminate()
        server.wait()


def wait_for(what: str, is_so) -> None:
    """Wait until ``is_so()``, or end with ``what`` was waited for."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if is_so():
                return
        time.sleep(0.5)
    raise TimeoutError(f"waited {PATIENCE_SECONDS} s for {what}")


class Notebook:
    """A notebook open in JupyterLab."""

    def __init__(self, page: "Page", address: str, token: str, path: str, pictures: Path):
        self.page, self.address, self.token, self.pictures = page, address, token, pictures
        page.goto(f"{address}/lab/tree/{path}?reset&token={token}")
        wait_for("the kernel", self.is_idle)
        page.get_by_text("| Idle").first.wait_for(timeout=PATIENCE_SECONDS * 1000)

    def is_idle(self) -> bool:
        """Whether the only kernel has a connection and nothing to do."""
        kernels = self.page.request.get(f"{self.address}/api/kernels?token={self.token}").json()
        return [k["execution_state"] == "idle" and k["connections"] > 0 for k in kernels] == [True]

    def cell(self, position: int) -> "Locator":
        """The cell at a position, Markdown cells counted."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(position)

    def output(self, position: int) -> str:
        """The text below a cell."""
        texts = self.cell(position).locator(".jp-OutputArea-output").all_inner_texts()
        return "\n".join(texts)

    def run_all(self) -> None:
        """Run all cells through the menu."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()

    def run(self, position: int, words: str) -> None:
        """Run one cell and wait until ``words`` stand below it."""
        self.cell(position).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+Enter")
        wait_for(f"{words!r} below cell {position}", lambda: words in self.output(position))
        wait_for("the kernel to come to rest", self.is_idle)

    def write(self, position: int, code: str) -> None:
        """Replace the text of a cell."""
        self.cell(position).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.evaluate("code => navigator.clipboard.writeText(code)", code)
        self.page.keyboard.press("Control+V")
        lines = self.cell(position).locator(".cm-line")
        wait_for("the text", lambda: "\n".join(lines.all_inner_texts()).split() == code.split())

    def add_below(self, position: int, code: str) -> None:
        """Add a cell with ``code`` below another."""
        self.cell(position).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.write(position + 1, code)

    def picture(self, name: str, position: int) -> None:
        """Take a picture in which a cell is seen."""
        self.cell(position).scroll_into_view_if_needed()
        self.page.wait_for_timeout(500)
        self.page.screenshot(path=self.pictures / f"{name}.png")


def walk(exercise: Exercise, notebook: Notebook) -> None:
    """Fail, take a hint, slip, pass; raise where the notebook does not say what it should."""
    id, answer, check = exercise.id, exercise.answer, exercise.check
    notebook.run_all()
    wait_for("the check to fail", lambda: "CheckFailed" in notebook.output(check))
    wait_for("the kernel to come to rest", notebook.is_idle)
    assert f"{id} not yet." in notebook.output(check)
    assert "Traceback" not in notebook.output(check)
    notebook.picture(f"{id}_1_fails", check)
    notebook.add_below(check, f'hint("{id}")')
    notebook.run(check + 1, "Hint 1 of 3")
    notebook.picture(f"{id}_2_hint", check + 1)
    notebook.write(answer, exercise.slip)
    notebook.cell(answer).locator(".jp-InputPrompt").click()
    notebook.page.keyboard.press("Control+Enter")
    notebook.run(check, "CheckFailed")
    notebook.picture(f"{id}_3_slips", check)
    notebook.write(answer, exercise.solution)
    notebook.cell(answer).locator(".jp-InputPrompt").click()
    notebook.page.keyboard.press("Control+Enter")
    notebook.run(check, f"{id} right.")
    assert "1 of " in notebook.output(check)
    notebook.picture(f"{id}_4_passes", check)


def main() -> None:
    """Walk, and end with status 1 where a walk did not come to its end."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("lessons", nargs="*", help="lesson numbers (default: all)")
    options = parser.parse_args()
    found = sorted(path.name[:2] for path in (NOTEBOOKS / "exercises").glob("*.ipynb"))
    options.folder.mkdir(parents=True, exist_ok=True)
    failed = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for lesson in options.lessons or found:
            context = browser.new_context(viewport={"width": 1200, "height": 1000})
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = context.new_page()
            try:
                with tempfile.TemporaryDirectory() as folder:
                    exercise = first_exercise(lesson)
                    shutil.copy(exercise.path, folder)
                    with jupyterlab(Path(folder)) as (address, token):
                        wait_for("the server", lambda: knocks(address))
                        name = exercise.path.name
                        walk(exercise, Notebook(page, address, token, name, options.folder))
                print(f"{exercise.id} walked", flush=True)
            except Exception as problem:
                page.screenshot(path=options.folder / f"{lesson}_failed.png")
                failed.append(f"{lesson}: {type(problem).__name__}: {problem}")
            context.close()
    sys.exit("\n".join(failed) or None)


def knocks(address: str) -> bool:
    """Whether a server listens at the address."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5):
        return True


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
