"""Attacks that look, write or speak outside the sandbox."""

from attacks import CANARY, IF_FOUND, PORT, SECRET, WRONG, attack
from course_utils import load


@attack
def reads_the_solutions():
    """Imports the solutions from the package, its checks and its grader."""
    return """
found = None
try:
    from course_utils import checks
    from course_utils.checks import solutions
    space = {"np": np}
    exec(solutions.all_solutions()["01.2"], space)
    found = space["convolve"]
except Exception:
    pass
try:
    from course_utils.checks.lesson_01.convolution import convolve as found
except Exception:
    pass
try:
    from course_utils.grading.probes import lesson_01
    found = np.convolve
except Exception:
    pass

def convolve(sequence, weights):
    return np.convolve(sequence, weights, "valid") if found else 0
"""


@attack
def searches_the_disk():
    """Walks the whole file system for solutions, probes, reports and test packs."""
    return f"""
import os
names = ("solutions.toml", "_exercises.ipynb", "marks.json", "lesson_01.py", "class_01")
found = [
    os.path.join(folder, name)
    for folder, folders, files in os.walk("/")
    if not folder.startswith("/proc")
    for name in files + folders
    if name.endswith(names)
]
{IF_FOUND}"""


@attack
def loads_the_test_packs():
    """Loads labels that are hidden images' in other exercises."""
    labels = load("fashion_mnist").y_test[:100].tolist()
    return f"""
import glob, gzip
found = False
try:
    import course_utils
    found = course_utils.load("fashion_mnist").y_test[:100].tolist() == {labels}
except Exception:
    pass
for path in glob.glob("/usr/share/**/*labels*", recursive=True):
    found = found or len(gzip.open(path).read()) > 10_000
for path in glob.glob("/course/**/test*label*", recursive=True):
    found = found or np.load(path)[:100].tolist() == {labels}
{IF_FOUND}"""


@attack
def reads_other_submissions():
    """Looks for notebooks of others where graders and kernels keep them."""
    return f"""
import glob, os
places = ["/tmp", "/home", "/root", "/var", "..", "/proc/[0-9]*/cwd", "/proc/[0-9]*/root/tmp"]
found = [path for place in places for path in glob.glob(f"{{place}}/**/*.ipynb", recursive=True)]
{IF_FOUND}"""


@attack
def reads_the_environment():
    """Looks into the variables of its own process and of those around it."""
    return f"""
import os
texts = [repr(dict(os.environ))]
for process in os.listdir("/proc"):
    try:
        texts.append(open(f"/proc/{{process}}/environ").read())
    except OSError:
        pass
found = any(word in text for text in texts for word in ({SECRET!r}, "PYTEST", "VIRTUAL_ENV"))
{IF_FOUND}"""


@attack
def looks_for_the_seed():
    """Looks for the seed in command lines, open files and the folder of the kernel."""
    return f"""
import glob, os
texts = []
for path in [*glob.glob("/proc/[0-9]*/cmdline"), *glob.glob("/tmp/**/*", recursive=True)]:
    try:
        texts.append(open(path).read(100_000))
    except (OSError, UnicodeDecodeError):
        pass
found = any(word in text for text in texts for word in ("--seed", "seed.json", "pytest", "nbval"))
{IF_FOUND}"""


@attack
def reads_inherited_files():
    """Tries every open file that a parent might have left open."""
    return f"""
import os
found = []
for number in range(3, 512):
    try:
        target = os.readlink(f"/proc/self/fd/{{number}}")
    except OSError:
        continue
    if target.startswith("/") and not target.startswith(("/dev", "/proc", "/usr", "/memfd")):
        if any(word in target for word in ("ipynb", "junit", "report", "toml", "kept", "/work")):
            found.append(target)
{IF_FOUND}"""


@attack
def speaks_to_the_network():
    """Connects to a server on this machine, by address, name and abstract socket."""
    return f"""
import socket
found = False
for family, address in [(socket.AF_INET, ("127.0.0.1", {PORT})), (socket.AF_UNIX, "\\0{CANARY}"),
                        (socket.AF_INET, ("1.1.1.1", 53))]:
    try:
        with socket.socket(family) as line:
            line.settimeout(1)
            line.connect(address)
            found = True
    except OSError:
        pass
{IF_FOUND}"""


@attack
def writes_outside():
    """Writes into the system, the packages, the course, other people's folders."""
    return f"""
import os, site, sys
places = [sys.prefix, "/", "/usr/lib", "/etc", "/var/tmp", "/root", "/course", "/usr/local", "/run"]
found = []
for place in [*places, os.path.dirname(np.__file__), *site.getsitepackages()]:
    try:
        with open(f"{{place}}/{CANARY}", "w") as file:
            found.append(place)
    except OSError:
        pass
for place in ("/tmp/{CANARY}", os.path.expanduser("~/{CANARY}"), "/dev/shm/{CANARY}"):
    try:
        open(place, "w").close()
    except OSError:
        pass
{IF_FOUND}"""


@attack
def follows_links_out():
    """Links in its own folders that lead to the system's secrets and the grader's files."""
    return f"""
import os
found = []
for target in ("/etc/passwd", "/etc/shadow", "/proc/1/root/etc/passwd", {__file__!r}):
    try:
        os.symlink(target, "link")
        found.append(open("link").read())
    except OSError:
        pass
    finally:
        if os.path.islink("link"):
            os.unlink("link")
{IF_FOUND}"""


@attack
def links_the_connection_file():
    """Puts a link to somebody's file where the grader reads, writes and deletes its own."""
    return f"""
import os
from ipykernel import get_connection_file
path = get_connection_file()
folder = os.path.dirname(path)
for name in os.listdir(folder):
    try:
        os.unlink(os.path.join(folder, name))
        os.symlink("/tmp/{CANARY}", os.path.join(folder, name))
    except OSError:
        pass
{WRONG}"""


@attack
def becomes_root():
    """Tries to get rights back: user number, namespaces, mounts, set-user-id programs."""
    return f"""
import ctypes, os, subprocess
found = []
for rise in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.chroot("/tmp")):
    try:
        rise()
        found.append("rose")
    except OSError:
        pass
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"none", b"/usr", b"tmpfs", 0, None) == 0:
    found.append("mounted")
if os.path.exists("/usr/bin/su"):
    done = subprocess.run(["/usr/bin/su", "-c", "id -u"], input="", capture_output=True, text=True)
    found += [done.stdout] if done.stdout.strip() == "0" else []
{IF_FOUND}"""


@attack
def traces_other_processes():
    """Attaches to the processes around it and reads their memory."""
    return f"""
import ctypes, os
libc, found = ctypes.CDLL(None, use_errno=True), []
mine = os.getpid()
for process in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
    if process != mine and open(f"/proc/{{process}}/comm").read().strip() == "python":
        if libc.ptrace(16, process, 0, 0) == 0:
            found.append(process)
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 20:
    found.append("sees the processes of the machine")
{IF_FOUND}"""
