"""The cage, seen from inside: what a learner's code finds, and what it can't do."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.grading import run, sandbox, seccomp
from tools.notebooks import ROOT

PYTHON = sys.executable

pytestmark = pytest.mark.skipif(
    bool(sandbox.available()) and "CI" not in os.environ, reason=sandbox.available()
)


@pytest.fixture(params=["as here", "as a user"])
def inside(request, tmp_path, monkeypatch):
    """Run code in the cage and return what it leaves in ``found``."""
    if request.param == "as a user":
        monkeypatch.setattr(sandbox, "is_root", lambda: False)
    (tmp_path / "course_utils").mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    runtime.chmod(0o777)

    def found(code, limits=sandbox.LIGHT):
        script = f"import ctypes, glob, json, os, socket\n{code}\nprint(json.dumps(found))"
        command = [*sandbox.cage(tmp_path, runtime, limits), PYTHON, "-c", script]
        environment = {**os.environ, "COURSE_SECRET": "to be kept"}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return found


def test_there_is_no_network(inside):
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen()
        code = f"""
with socket.socket() as line:
    refused = line.connect_ex(("127.0.0.1", {line.getsockname()[1]}))
found = [refused != 0, [name for _, name in socket.if_nameindex()]]"""
        assert inside(code) == [True, ["lo"]]


def test_of_the_system_only_programs_and_libraries_are_there(inside):
    top = {"bin", "lib", "lib32", "lib64", "usr", "etc", "dev", "proc", "tmp", "home", "course"}
    ways = {Path(place).parts[1] for place in (PYTHON, sys.prefix, sys.base_prefix)}
    found = inside("found = [os.listdir('/'), os.listdir('/etc'), os.listdir('/home')]")
    assert set(found[0]) <= top | ways
    assert set(found[1]) <= {"alternatives", "fonts", "ld.so.cache"}
    assert "learner" in found[2]
    assert not inside("found = os.path.exists('/usr/share/datasets')")
    assert not inside("found = glob.glob('/usr/lib/node_modules/*') + glob.glob('/usr/local/*/n*')")


def test_the_repository_and_installed_copies_of_the_course_are_not_there(inside):
    places = [str(ROOT / name) for name in ("course_utils", "tests", "datasets", "notebooks")]
    assert inside(f"found = [place for place in {places} if os.path.exists(place)]") == []
    code = """
import sys
found = [path for folder in sys.path for name in ("course_utils/**/*.*", "cnn_course*/*")
         for path in glob.glob(f"{folder}/{name}", recursive=True)]"""
    assert inside(code) == []


def test_only_the_home_and_its_like_can_be_written(inside, tmp_path):
    code = """
found = []
for line in open("/proc/self/mountinfo"):
    folder = line.split()[4]
    try:
        open(os.path.join(folder, "written"), "w").close()
        found.append(folder)
    except OSError:
        pass"""
    scratch = {"/tmp", "/home/learner", "/dev/shm"}
    assert set(inside(code)) == scratch | {str(tmp_path / "runtime")}
    assert [path.name for path in (tmp_path / "runtime").iterdir()] == ["written"]


def test_the_user_has_no_rights_and_gets_none(inside):
    code = """
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
found = [os.getuid(), os.getgroups()]
found += [status[name].strip() for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")]"""
    user, groups, *rights = inside(code)
    assert user >= 65534
    assert 0 not in groups
    assert rights == ["0" * 16, "0" * 16, "1", "2"]


@pytest.mark.parametrize("name", ["unshare", "shmget", "semget", "memfd_create", "keyctl", "mount"])
def test_a_call_that_gets_around_a_limit_is_refused(name, inside):
    number = seccomp.NUMBERS[os.uname().machine][name]
    code = f"""
libc = ctypes.CDLL(None, use_errno=True)
found = [libc.syscall({number}, 0, 0, 0, 0), ctypes.get_errno()]"""
    assert inside(code) == [-1, 1]


def test_the_buffers_of_sockets_keep_their_size_and_other_options_can_be_set(inside):
    code = """
one, other = socket.socketpair()
found = []
for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, socket.SO_KEEPALIVE):
    try:
        one.setsockopt(socket.SOL_SOCKET, option, 1)
    except PermissionError:
        found.append("refused")
with socket.socket() as line:
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)"""
    assert inside(code) == ["refused", "refused"]


def test_processes_and_threads_start_all_the_same(inside):
    code = """
import subprocess, threading
found = [subprocess.run(["/bin/echo", "there"], capture_output=True, text=True).stdout]
threading.Thread(target=lambda: found.append("here")).start()"""
    assert inside(code) == ["there\n", "here"]


def test_the_environment_is_empty_but_for_ours(inside):
    code = """
found = [sorted(os.environ), ""]
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        found[1] += open(path).read()
    except OSError:
        pass"""
    names, text = inside(code)
    assert set(names) <= {*sandbox._variables(), "PWD", "LC_CTYPE"}
    assert "to be kept" not in text


def test_nothing_of_other_processes_is_seen(inside):
    assert len(inside("found = [n for n in os.listdir('/proc') if n.isdigit()]")) <= 5


def test_memory_files_and_disk_have_an_end(inside):
    code = """
found = []
try:
    bytearray(4_000 << 20)
except MemoryError:
    found.append("memory")
for name, size in (("large", 40), ("a", 30), ("b", 30), ("c", 30)):
    try:
        with open(name, "wb") as file:
            for _ in range(size):
                file.write(bytes(1 << 20))
    except OSError as error:
        found.append(f"{name}: {error.strerror}")
    if name == "large":
        os.unlink(name)"""
    assert inside(code) == ["memory", "large: File too large", "c: No space left on device"]


def test_processes_have_an_end(inside, request):
    if os.geteuid() == 0 and "as a user" in request.node.name:
        pytest.skip("the number of root's processes has no limit")
    code = """
import time
found, parent = 0, os.getpid()
try:
    while found < 500:
        if os.fork() == 0:
            time.sleep(100)
        found += 1
except OSError:
    pass"""
    assert 10 < inside(code) < sandbox.LIGHT.processes


def test_processor_time_has_an_end(inside):
    code = """
found = os.fork()
if found == 0:
    while True:
        pass
found = os.waitpid(found, 0)[1] != 0"""
    assert inside(code, sandbox.Limits(processor=1))


def refusal(monkeypatch, folder):
    monkeypatch.setenv("PATH", str(folder))
    return sandbox.available.__wrapped__()


def test_without_bubblewrap_the_refusal_says_what_to_install(tmp_path, monkeypatch):
    said = refusal(monkeypatch, tmp_path)
    assert said.startswith("bwrap, prlimit, setpriv is not installed")
    assert "apt install bubblewrap" in said


def test_where_bubblewrap_is_blocked_the_refusal_says_what_it_said(tmp_path, monkeypatch):
    for name in ("prlimit", "setpriv", "env"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'setting up uid map: denied' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    said = refusal(monkeypatch, tmp_path)
    assert said == "bubblewrap can't build a sandbox on this system: setting up uid map: denied"


def test_on_another_processor_or_system_there_is_no_cage(monkeypatch):
    monkeypatch.setattr(seccomp, "known", lambda: False)
    assert "processors only" in sandbox.available.__wrapped__()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert sandbox.available.__wrapped__() == "the sandbox needs Linux"


def test_without_a_cage_nothing_is_graded_unless_trusted(monkeypatch):
    monkeypatch.setattr(sandbox, "available", lambda: "there is none")
    with pytest.raises(run.CannotGrade, match="there is none"), run.grader({}):
        pass
    with run.grader({}, trust=True) as grader:
        assert grader.trusting


def test_a_course_that_lies_where_the_sandbox_has_a_disk_of_its_own_can_be_graded():
    command = sandbox.cage(Path("/nonexistent"), None, sandbox.LIGHT)
    disks = [command.index(place) for place in sandbox.SCRATCH]
    bound = [i for i, word in enumerate(command) if word.startswith("--ro-bind")]
    assert max(disks) < min(bound)  # what comes later lies on top
