"""Where complete sets come from: an address, or a package by its name.

A source is a table of the catalog. Its ``kind`` says how its files are had (`KINDS`), its
``reader`` how they are read. ``COURSE_MATERIALS`` may name a folder that holds packages already
downloaded (``NAME_VERSION.deb``, ``NAME-VERSION.tgz``); they are used before any is fetched.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from course_utils.data.download import TIMEOUT, download

Source = Mapping[str, Any]
PATIENCE = 1800  # seconds for a package manager to download one package


class Unavailable(RuntimeError):
    """The source can't serve; the message says why in a few words."""


def describe(source: Source) -> str:
    """Return what to call a source in a message."""
    if source["kind"] == "url":
        return source["address"]
    return f"{source['kind']} package {source['package']}"


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
                source["address"] + name,
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


def _material(source: Source) -> Path | None:
    chosen = os.environ.get("COURSE_MATERIALS", "").strip()
    return _newest(Path(chosen).expanduser(), source) if chosen else None


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
