"""Where complete sets come from: an address, or a package by its name.

A source is a table of the catalog. Its ``kind`` says how its files are had, its ``reader`` how
they are read. ``COURSE_MATERIALS`` may name a folder that holds packages already downloaded
(``NAME_VERSION.deb``, ``NAME-VERSION.tgz``, or an archive under its own name); they are used
before any is fetched.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any, TypeVar

from course_utils.data.download import TIMEOUT, download, watched
from course_utils.data.entries import DataError, Entry
from course_utils.data.failures import is_disk, reason_of

Source = Mapping[str, Any]
Served = TypeVar("Served")
PATIENCE = 1800  # seconds for a package manager to download one package


class Unavailable(RuntimeError):
    """The source can't serve; the message says why in a few words."""


def describe(source: Source) -> str:
    """Return what to call a source in a message."""
    if source["kind"] == "url":
        return source["address"]
    if source["kind"] == "materials":
        return f"the file {source['file']} in COURSE_MATERIALS"
    return f"{source['kind']} package {source['package']}"


def first_that_serves(
    entry: Entry, choices: Iterable[Source], serve: Callable[[Source], Served]
) -> Served:
    """Return what ``serve`` makes of the first source with which it succeeds.

    Raises
    ------
    DataError
        If it succeeds with none; the message names each, and why.
    """
    failures = []
    for source in choices:
        name = describe(source)
        if watched():
            print(f"{entry.title}: trying {name}", file=sys.stderr)
        try:
            return serve(source)
        except Exception as error:  # whatever is wrong with a source, the next may serve
            if is_disk(error):
                raise
            failures.append(f"{name}: {reason_of(error)}")
    tried = "\n".join(f"  {number}. {line}" for number, line in enumerate(failures, start=1))
    ways = ["check the network and try again (a broken download goes on where it stopped)"]
    if "classes" in entry.full:
        ways.append(f"get {_address(entry)} some other way into a folder named by COURSE_MATERIALS")
    if entry.mini:
        ways.append("use size='mini', which needs no network")
    raise DataError(
        f"cannot get {entry.name!r} at full size. Tried in this order:\n{tried}\n"
        f"What to do: {', or '.join(ways)}."
    )


def _address(entry: Entry) -> str:
    """Return the whole address of an archive, as a browser takes it."""
    (name,), source = entry.full["files"], entry.full["sources"][0]
    return source["address"] + name + source.get("suffix", "")


def in_materials(file: str) -> list[Source]:
    """Return a source for a file that lies in ``COURSE_MATERIALS``; none if it does not."""
    folder = _materials()
    return [{"kind": "materials", "file": file}] if folder and (folder / file).is_file() else []


def obtain(
    source: Source, files: Mapping[str, Any], folder: Path, *, timeout: tuple = TIMEOUT
) -> Path:
    """Return a folder with the files that the source's reader needs.

    Parameters
    ----------
    source : mapping
        ``kind`` and what that kind needs.
    files : mapping
        For addresses: the name of each file, and its ``sha256``.
    folder : Path
        Where to put what must be fetched. It may hold parts from an earlier call.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if source["kind"] == "url":
        return _from_url(source, files, folder, timeout)
    if source["kind"] == "materials":
        return _from_materials(files)
    return on_this_machine(source, folder) or _from_package_manager(source, folder)


def on_this_machine(source: Source, folder: Path) -> Path | None:
    """Return the files of a package that is installed or lies in ``COURSE_MATERIALS``."""
    installed = Path(source.get("installed", "")) if "installed" in source else None
    if installed and installed.is_dir():
        return installed
    if package := _material(source):
        return _unpack(source, package, folder)
    return None


def extract(archive: tarfile.TarFile, members: Iterable[str], folder: Path) -> Path:
    """Copy the named members out of an archive, each to its bare name in ``folder``.

    Only these names are looked up and only their contents copied, so no path, link or
    permission in the archive has any effect.

    Raises
    ------
    Unavailable
        If a member is missing or no plain file.
    """
    for name in members:
        try:
            member = archive.getmember(name)
        except KeyError:
            raise Unavailable(f"the archive holds no {name}") from None
        if not member.isreg():
            raise Unavailable(f"in the archive, {name} is no plain file")
        with archive.extractfile(member) as content, (folder / Path(name).name).open("wb") as file:
            shutil.copyfileobj(content, file)
    return folder


def _from_url(source: Source, files: Mapping[str, Any], folder: Path, timeout: tuple) -> Path:
    for name, file in files.items():
        try:
            path = download(
                source["address"] + name + source.get("suffix", ""),
                folder,
                name=name,
                checksum=file["sha256"],
                timeout=timeout,
            )
        except ImportError as error:
            raise Unavailable("downloads need pooch: pip install pooch") from error
        if members := source.get("members"):
            with tarfile.open(path) as archive:
                extract(archive, members, folder)
    return folder


def _from_materials(files: Mapping[str, Any]) -> Path:
    """Return the folder of materials, once the files in it are found to be the right ones."""
    folder = _materials()
    for name, file in files.items():
        with (folder / name).open("rb") as content:
            if file_digest(content, "sha256").hexdigest() != file["sha256"]:
                raise Unavailable("it is not the published one (its SHA-256 differs)")
    return folder


def _from_package_manager(source: Source, folder: Path) -> Path:
    if source["kind"] == "debian":
        command = ["apt-get", "download", "--quiet", source["package"]]
    else:
        wanted = f"{source['package']}@{source['version']}"
        command = ["npm", "pack", "--silent", "--fetch-retries=1", wanted]
    _run(command, folder)
    package = _newest(folder, source)
    if package is None:
        raise Unavailable(f"{command[0]} left no package")
    return _unpack(source, package, folder)


def _materials() -> Path | None:
    chosen = os.environ.get("COURSE_MATERIALS", "").strip()
    return Path(chosen).expanduser() if chosen else None


def _material(source: Source) -> Path | None:
    folder = _materials()
    return _newest(folder, source) if folder else None


def _newest(folder: Path, source: Source) -> Path | None:
    if source["kind"] == "debian":
        return max(folder.glob(f"{source['package']}_*.deb"), default=None)
    package = folder / f"{source['package']}-{source['version']}.tgz"
    return package if package.exists() else None


def _unpack(source: Source, package: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if source["kind"] == "npm":
        with tarfile.open(package) as archive:
            return extract(archive, source["members"], folder)
    unpacked = folder / "package.tar"
    _run(["dpkg-deb", "--fsys-tarfile", str(package.resolve())], folder, stdout=unpacked)
    with tarfile.open(unpacked) as archive:
        return extract(archive, source["members"], folder)


def _run(command: list[str], folder: Path, *, stdout: Path | None = None) -> None:
    """Run a package manager's own program in ``folder``."""
    program = shutil.which(command[0])
    if program is None:
        raise Unavailable(f"{command[0]} is not installed")
    with (stdout or folder / "log.txt").open("wb") as out:
        try:
            done = subprocess.run(
                [program, *command[1:]],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{command[0]} did not finish in {PATIENCE} s") from error
        except OSError as error:
            raise Unavailable(f"{command[0]} can't be started ({error.strerror})") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Unavailable(f"{command[0]} failed ({said[-1] if said else done.returncode})")
