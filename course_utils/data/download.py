"""One file over HTTP: pooch checks and places it, this downloader can continue a broken one."""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds of silence
ATTEMPTS = 5
CHUNK = 1 << 16


def download(
    url: str, folder: Path, *, name: str, checksum: str, timeout: tuple[float, float] = TIMEOUT
) -> Path:
    """Return the path of a file in ``folder``, downloaded and found to be the right one.

    What has arrived of it waits in ``NAME.HASH.part`` (one for each address), so a later call
    asks for the rest only. A continued file that turns out wrong is fetched once more from its
    start.

    Raises
    ------
    ImportError
        If pooch is missing.
    requests.RequestException
        If the server can't be reached, refuses, stalls or breaks off too often.
    ValueError
        If the file's SHA-256 is not ``checksum``.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")  # the progress bar says it already
    part = folder / f"{name}.{sha256(url.encode()).hexdigest()[:8]}.part"
    continued = part.exists()
    downloader = ResumingDownloader(part, timeout=timeout)

    def retrieve() -> Path:
        return Path(
            pooch.retrieve(
                url, f"sha256:{checksum}", fname=name, path=folder, downloader=downloader
            )
        )

    try:
        return retrieve()
    except ValueError:
        if not continued:
            raise
        return retrieve()


class ResumingDownloader:
    """A downloader for pooch that appends to a part file until it is whole, then hands it over.

    Parameters
    ----------
    part : Path
        Where the bytes collect; it survives a failure.
    timeout : (float, float)
        Seconds to wait for a connection, and for the next bytes.
    attempts : int
        How many connections to use; each must bring something, or it is the last.
    """

    def __init__(
        self, part: Path, *, timeout: tuple[float, float] = TIMEOUT, attempts: int = ATTEMPTS
    ):
        self.part, self.timeout, self.attempts = part, timeout, attempts

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download ``url`` and move it to ``output_file``."""
        import requests

        for attempt in range(1, self.attempts + 1):
            before = self._size()
            try:
                self._continue(url)
                break
            except (requests.ConnectionError, requests.Timeout):
                if attempt == self.attempts or self._size() <= before:
                    raise
        self.part.replace(output_file)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _continue(self, url: str) -> None:
        """Ask for the bytes that are missing and append them."""
        import requests

        have = self._size()
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=self.timeout) as response:
            if response.status_code == 416:  # nothing lies beyond what we have
                if response.headers.get("Content-Range") == f"bytes */{have}":
                    return
                self.part.unlink()
                return self._continue(url)
            response.raise_for_status()
            if have and not _continues(response, have):  # it sends everything again
                self.part.unlink()
                have = 0
            rest = response.headers.get("Content-Length")
            total = have + int(rest) if rest else None
            name = self.part.name.rsplit(".", 2)[0]
            with self.part.open("ab") as file, progress(total, have, name) as bar:
                for chunk in _raw_chunks(response):
                    file.write(chunk)
                    bar.update(len(chunk))
        if total is not None and self._size() < total:
            raise requests.ConnectionError("the connection broke off")


def _continues(response: Any, have: int) -> bool:
    starts = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    return response.status_code == 206 and starts


def _raw_chunks(response: Any) -> Any:
    """Yield the bytes as they came, whatever encoding the server claims for them."""
    import requests
    import urllib3

    try:
        yield from response.raw.stream(CHUNK, decode_content=False)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(str(error)) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError("the connection broke off") from error


def watched() -> bool:
    """Return whether somebody looks at the error stream: a terminal or a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel") or (sys.stderr is not None and sys.stderr.isatty())


def progress(total: int | None, done: int, name: str) -> Any:
    """Return a progress bar in bytes, silent where nobody watches."""
    from tqdm.auto import tqdm

    return tqdm(
        total=total, initial=done, desc=name, unit="B", unit_scale=True, disable=not watched()
    )
