"""A local HTTP server that does what bad networks and servers do."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """What is served, what goes wrong at first, and what was asked.

    ``faults`` maps a path to the faults of its first requests, used up one at a time; the fault
    ``always X`` stays.
    """

    address: str
    files: dict[str, bytes]
    faults: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, Range header
    sent: dict[str, int] = field(default_factory=dict)  # path, bytes of its bodies
    closing: threading.Event = field(default_factory=threading.Event)

    def next_fault(self, path: str) -> str:
        """Take the next fault of a path; "" when all is well."""
        queue = self.faults.get(path, [])
        if queue and queue[0].startswith("always "):
            return queue[0].removeprefix("always ")
        return queue.pop(0) if queue else ""


@contextlib.contextmanager
def serve(files: dict[str, bytes], **faults: list[str]) -> Iterator[Server]:
    """Serve ``files`` on a free port of this machine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            with contextlib.suppress(ConnectionError):
                answer(self, state)
            self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.daemon_threads = True
        state = Server(f"http://127.0.0.1:{httpd.server_port}/", files, dict(faults))
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            httpd.shutdown()
            thread.join()


def answer(request: BaseHTTPRequestHandler, state: Server) -> None:
    """Answer one request, well or with the fault that is due."""
    path, span = request.path.lstrip("/"), request.headers.get("Range", "")
    state.asked.append((path, span))
    fault = state.next_fault(path)
    if fault.isdigit():  # a status
        return reply(request, int(fault), b"no")
    if fault.startswith("redirect "):
        return reply(request, 302, b"", Location=fault.removeprefix("redirect "))
    if path not in state.files:
        return reply(request, 404, b"no")
    body = state.files[path]
    if fault == "corrupt":
        body = bytes([body[0] ^ 1]) + body[1:]
    if fault == "page":  # a login page, as of a hotel's network
        body = b"<html>please log in</html>"
    start = int(span.removeprefix("bytes=").removesuffix("-")) if span else 0
    if span and fault != "no ranges":
        if start >= len(body):
            return reply(request, 416, b"", **{"Content-Range": f"bytes */{len(body)}"})
        place = f"bytes {start}-{len(body) - 1}/{len(body)}"
        headers, status, body = {"Content-Range": place}, 206, body[start:]
    else:
        headers, status = {}, 200
    headers["Content-Length"] = str(len(body))
    if fault == "no length":  # cut, and without a length nobody can tell
        del headers["Content-Length"]
        body = body[: len(body) // 2]
    if fault in ("cut", "stall"):
        body = body[: len(body) // 2]
    if fault == "silent":
        state.closing.wait(5)
        return None
    state.sent[path] = state.sent.get(path, 0) + len(body)
    reply(request, status, body, **headers)
    if fault == "stall":
        state.closing.wait(5)
    return None


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send a status, headers and a body."""
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    if "Content-Length" not in headers and status != 200:
        request.send_header("Content-Length", str(len(body)))
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(body)
    request.wfile.flush()
