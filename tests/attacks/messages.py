"""Attacks on what the kernel says to the grader."""

from attacks import WRONG, attack


@attack
def prints_what_is_expected():
    """Prints all sorts of results by itself, and mutes the question."""
    return """
import sys
def convolve(sequence, weights):
    sys.__stdout__.write("[[[3], [1, 2, 3]]]\\n")
    print("[[[3], [1, 2, 3]]]", file=sys.stdout)
    return 0
"""


@attack
def mutes_the_output():
    """Nothing that is printed arrives."""
    return f"""
import io, sys
from ipykernel.iostream import OutStream
OutStream.write = lambda self, text: len(text)
OutStream.flush = lambda self: None
sys.stdout = sys.stderr = io.StringIO()
{WRONG}"""


@attack
def forges_messages():
    """Sends results and "idle" itself, so that the answers belong to other cells."""
    return f"""
kernel = get_ipython().kernel
def forge(*_, **__):
    parent = kernel.get_parent("shell")
    for status in ("idle", "busy", "idle"):
        content = {{"name": "stdout", "text": "[[[3], [1, 2, 3]]]\\n"}}
        kernel.session.send(kernel.iopub_socket, "stream", content, parent=parent)
        kernel.session.send(
            kernel.iopub_socket, "status", {{"execution_state": status}}, parent=parent
        )
get_ipython().events.register("pre_run_cell", forge)
forge()
{WRONG}"""


@attack
def replies_by_itself():
    """Replaces how the kernel answers a request: every cell was fine and printed nothing."""
    return f"""
from ipykernel.ipkernel import IPythonKernel
async def fine(self, *_, **__):
    return {{"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {{}}}}
IPythonKernel.do_execute = fine
{WRONG}"""


@attack
def breaks_the_protocol():
    """Sends bytes that are no messages, to whoever listens."""
    return f"""
kernel = get_ipython().kernel
half = [b"a", b"<IDS|MSG>", b"", b"{{", b"", b"", b""]
for junk in ([b""], [b"<IDS|MSG>"], [b"\\xff" * 1000], half):
    try:
        kernel.iopub_socket.send_multipart(junk)
        kernel.iopub_thread.send_multipart(junk)
    except Exception:
        pass
{WRONG}"""


@attack(slow=True)
def floods_with_messages():
    """Prints a line after another, without end."""
    return """
def convolve(sequence, weights):
    import sys
    while True:
        sys.__stdout__.write("x" * 100_000)
        print("y" * 100_000)
        get_ipython().display_pub.publish({"text/plain": "z" * 100_000})
"""


@attack
def one_giant_message():
    """Displays half a gigabyte at once."""
    return f"""
from IPython.display import display
display({{"text/plain": "x" * 500_000_000}}, raw=True)
{WRONG}"""


@attack
def other_mime_types():
    """Gives its results as everything but text."""
    return """
from IPython.display import display
class Everything:
    def _repr_mimebundle_(self, *_, **__):
        result = "[[[3], [1, 2, 3]]]"
        return {"text/plain": result, "application/json": [1], "text/html": result,
                "image/png": "AAAA", "application/x-unknown": {}}
display(Everything())

def convolve(sequence, weights):
    display(Everything())
    display({"text/plain": "[]"}, raw=True, display_id="a")
    get_ipython().display_pub.clear_output(wait=True)
    return Everything()
"""


@attack
def writes_html():
    """Errors and results that are HTML, XML, terminal codes, half characters."""
    return """
def convolve(sequence, weights):
    odd = "\\x1b[2J\\x00\\ud800\\u202e{{7*7}}"
    raise ValueError("</failure></testcase>]]><script>alert(1)</script>" + odd)
"""


@attack
def names_its_error_in_html():
    """The name of the error itself is HTML."""
    return """
Evil = type("<img src=x onerror=alert(1)>\\n]]>", (Exception,), {})
def convolve(sequence, weights):
    raise Evil("\\udcff" * 50)
"""


@attack
def asks_for_input():
    """Waits for somebody to type."""
    return 'def convolve(sequence, weights):\n    return float(input("The answer? "))\n'


@attack
def error_without_text():
    """An error that raises errors when it is shown."""
    return """
class Worse(Exception):
    def __str__(self):
        raise SystemExit(0)
    __repr__ = __str__
    def _render_traceback_(self):
        raise SystemExit(0)

def convolve(sequence, weights):
    raise Worse()
"""
