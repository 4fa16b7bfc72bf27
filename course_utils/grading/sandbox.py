"""The cage in which a learner's kernel runs: bubblewrap, without network, home or solutions.

There are two ways in. A grader who is root makes the namespaces as root and drops to a user number
that nobody has; then the number of processes is limited, too. Any other user gets a user namespace.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_utils.grading import seccomp

NEEDED = ("bwrap", "prlimit", "setpriv")
HOME, COURSE = "/home/learner", "/course"
SYSTEM = ("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/bin", "/lib", "/lib32", "/lib64")
SCRATCH = ("/tmp", HOME, "/dev/shm")  # disks in memory
SHARED = ("/usr/share/fonts", "/usr/share/zoneinfo")
LINKERS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts")
PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")  # of an interpreter's or an environment's folder
# Copies of the course, and packages of other languages, among which are the complete data sets.
HIDDEN = ("node_modules", "python3*/*-packages/course_utils", "python3*/*-packages/cnn_course*")
USER, USERS = 1_900_000_000, 256  # users that nobody is: as many for each grading process
_CAGES = itertools.count()


@dataclass(frozen=True)
class Limits:
    """What one kernel may use: memory and files in MB, processor time in seconds.

    ``memory`` and ``processor`` are for all its processes together, ``address`` is what one of
    them may ask for.
    """

    memory: int = 1_000
    address: int = 3_000
    scratch: int = 64
    file: int = 32
    processor: int = 30
    processes: int = 40


LIGHT = Limits()
HEAVY = Limits(3_000, address=8_000, scratch=256, file=128, processor=400, processes=128)


@cache
def available() -> str:
    """Return why submissions can't be caged here, or ``""`` where they can."""
    if not sys.platform.startswith("linux"):
        return "the sandbox needs Linux"
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        return f"{', '.join(missing)} is not installed (Debian, Ubuntu: apt install bubblewrap)"
    if not seccomp.known():
        return "the sandbox knows x86_64 and aarch64 processors only"
    command = [*cage(Path("/nonexistent"), None, LIGHT), sys.executable, "-c", "import zmq"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"bubblewrap can't build a sandbox on this system: {said[:200]}"
    return ""


def cage(package: Path, runtime: Path | None, limits: Limits) -> list[str]:
    """Return the command that runs what follows it in the cage.

    Parameters
    ----------
    package : Path
        What a learner may import as course_utils; see `package.build`.
    runtime : Path or None
        The folder of the kernel's sockets, the only place outside that can be written.
    limits : Limits
    """
    command = [*_opened(_rules().name), "bwrap", "--seccomp", "3", *_namespaces()]
    command += ["--die-with-parent", "--new-session", "--clearenv"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for place in SCRATCH:
        command += ["--perms", "0777", "--size", str(limits.scratch << 20), "--tmpfs", place]
    command += ["--remount-ro", "/dev"]
    for place in _readable():
        command += [*_parents(place), "--ro-bind", place, place]
    for place in (*SHARED, *LINKERS):
        command += [*_parents(place), "--ro-bind-try", place, place]
    for place in _hidden():
        command += ["--size", "4096", "--tmpfs", place, "--remount-ro", place]
    if package.is_dir():
        command += ["--ro-bind", str(package), COURSE]
    if runtime:
        command += [*_parents(str(runtime)), "--bind", str(runtime), str(runtime)]
    for name, value in _variables().items():
        command += ["--setenv", name, value]
    command += ["--remount-ro", "/", "--chdir", HOME, "--", *_dropped(), *_limited(limits)]
    return command


def kernelspec(folder: Path, name: str, command: Sequence[str]) -> None:
    """Write a kernelspec into ``folder`` whose kernel runs behind ``command``.

    The connection file belongs to the grader; the kernel's user must be able to read it.
    """
    open_it = 'chmod 0644 "$0" && exec "$@"'
    kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    quiet = ["--HistoryManager.hist_file=:memory:"]
    argv = ["/bin/sh", "-c", open_it, "{connection_file}", *command, *kernel, *quiet]
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    about = {"argv": argv, "display_name": name, "language": "python", "interrupt_mode": "message"}
    (place / "kernel.json").write_text(json.dumps(about), encoding="utf-8")


def is_root() -> bool:
    """Return whether the grader is root."""
    return os.geteuid() == 0


def _namespaces() -> list[str]:
    if is_root():
        parts = ("ipc", "pid", "net", "uts", "cgroup-try")
        kept = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")  # to give up root, see _dropped
        options = [*(f"--unshare-{part}" for part in parts), "--cap-drop", "ALL"]
        return options + [word for capability in kept for word in ("--cap-add", capability)]
    options = [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--uid",
        "65534",
        "--gid",
        "65534",
    ]
    return [*options, "--cap-drop", "ALL"]


def _parents(place: str) -> list[str]:
    """Return options that make the folders above ``place``; bwrap's own are for root alone."""
    folders = [str(folder) for folder in reversed(Path(place).parents[:-1])]
    return [word for folder in folders for word in ("--perms", "0755", "--dir", folder)]


def _dropped() -> list[str]:
    """Return the command that gives up root inside the cage."""
    if not is_root():
        return []
    user = str(USER + os.getpid() * USERS + next(_CAGES) % USERS)
    command = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
    return [*command, "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]


def _limited(limits: Limits) -> list[str]:
    return [
        "prlimit",
        "--core=0",
        "--nofile=192",
        f"--fsize={limits.file << 20}",
        f"--as={limits.address << 20}",
        f"--cpu={limits.processor + 5}",  # for each process; who watches them all comes first
        f"--nproc={limits.processes}",
    ]


def _variables() -> dict[str, str]:
    """Return all that a learner's code finds in its environment."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "PYTHONPATH": COURSE,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "MPLBACKEND": "agg",
        "COURSE_PROFILE": "quick",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "2",
        "TF_NUM_INTEROP_THREADS": "2",
    }


def _readable() -> list[str]:
    """Return the folders of the system, the interpreter and its packages."""
    inner = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])} - {"/usr"}
    places = [*SYSTEM, *(f"{prefix}/{part}" for prefix in sorted(inner) for part in PARTS)]
    return [place for place in places if Path(place).exists()]


def _hidden() -> Iterator[str]:
    """Yield what of the readable folders holds answers, or labels of test images."""
    for place in _readable():
        if Path(place).name.startswith("lib"):
            yield from sorted(str(path) for name in HIDDEN for path in Path(place).glob(name))


@cache
def _rules() -> "tempfile._TemporaryFileWrapper[bytes]":
    """Return a file with the rules for calls of the system; it lives as long as this process."""
    file = tempfile.NamedTemporaryFile(prefix="course-rules-")  # noqa: SIM115
    file.write(seccomp.rules())
    file.flush()
    return file


def _opened(rules: str) -> list[str]:
    """Return a command that runs what follows with ``rules`` as its file 3.

    Nothing of the environment is left, since a kernel can see that of its cage. Where the machine
    runs out of memory, the system ends what runs in a cage first.
    """
    first = 'echo 1000 >/proc/self/oom_score_adj; exec env -i PATH="$PATH" "$@" 3<"$0"'
    return ["/bin/sh", "-c", first, rules]
