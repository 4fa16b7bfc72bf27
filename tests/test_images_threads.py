"""Work that is shared out: all of it is done, by a few threads that stay, without a deadlock."""

import os
import subprocess
import sys
import threading
import time

import pytest

from course_utils.images.threads import THREADS, share_out

LIMIT = 20  # seconds after which a deadlock is one


def helpers():
    return [t for t in threading.enumerate() if t.name.startswith("pictures of")]


def within_the_limit(task):
    """Run a task in a thread of its own, and fail if it does not come back."""
    thread = threading.Thread(target=task, daemon=True)
    thread.start()
    thread.join(LIMIT)
    assert not thread.is_alive()


@pytest.mark.parametrize("threads", [1, 2, THREADS, 99])
@pytest.mark.parametrize("n", [0, 1, 2, 500])
def test_every_item_is_worked_on_once(n, threads):
    found = []
    share_out(found.append, (i for i in range(n)), threads)
    assert sorted(found) == list(range(n))


def test_the_caller_and_the_helpers_work_side_by_side():
    together = threading.Barrier(2, timeout=LIMIT)  # one thread alone would wait in vain
    who = []

    def meet(_):
        together.wait()
        who.append(threading.current_thread())

    share_out(meet, range(2), threads=2)
    assert len(set(who)) == 2
    assert threading.current_thread() in who


def test_one_thread_is_the_caller():
    who = set()
    share_out(lambda _: who.add(threading.current_thread()), range(50), threads=1)
    assert who == {threading.current_thread()}


def test_many_calls_leave_no_more_threads_than_there_are_cores():
    for _ in range(50):
        share_out(lambda _: time.sleep(0.001), range(8), threads=99)
    assert 1 <= len(helpers()) <= THREADS - 1 <= max(1, min(8, os.cpu_count()) - 1)


def test_work_may_share_out_work():
    found = []

    def nest(depth):
        share_out(nest if depth else found.append, [depth - 1] * 3 if depth else [0] * 3)

    within_the_limit(lambda: share_out(nest, [4] * 3))
    assert len(found) == 3**6


def test_several_threads_may_call_at_once():
    found = []

    def call():
        for _ in range(20):
            share_out(found.append, range(30))

    callers = [threading.Thread(target=call, daemon=True) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(LIMIT)
    assert len(found) == 8 * 20 * 30


def test_a_caller_works_alone_while_the_helpers_are_busy():
    go, started = threading.Event(), threading.Semaphore(0)

    def busy(_):
        started.release()
        go.wait(LIMIT)

    other = threading.Thread(target=lambda: share_out(busy, range(THREADS)), daemon=True)
    other.start()
    for _ in range(THREADS):
        assert started.acquire(timeout=LIMIT)
    found = []
    within_the_limit(lambda: share_out(found.append, range(100)))
    go.set()
    other.join(LIMIT)
    assert found == list(range(100))


def test_the_error_is_that_of_the_first_item_that_has_one_and_nothing_goes_on():
    done = []

    def work(item):
        if item in (20, 21, 22):
            time.sleep(0.005 * (22 - item))  # the first is the last to fail
            raise ValueError(item)
        if item > 22:
            time.sleep(0.001)  # many threads would be through before the first error
        done.append(item)

    for _ in range(20):
        done.clear()
        with pytest.raises(ValueError, match=r"^20$"):
            share_out(work, range(1000))
        after = len(done)
        assert set(range(20)) <= set(done)
        assert after < 1000 - 3
        time.sleep(0.002)
        assert len(done) == after


def test_an_interrupt_reaches_the_caller():
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        share_out(interrupt, range(5))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_gets_helpers_of_its_own():
    script = """
import os, signal, threading, time
from course_utils.images.threads import share_out

def who_works():
    together, who = threading.Barrier(2, timeout=10), []
    share_out(lambda _: who.append((together.wait(), threading.current_thread().name)), range(2))
    return sorted(name for _, name in who if str(os.getpid()) in name)

assert len(who_works()) == 1
child = os.fork()
if not child:
    signal.alarm(15)
    os._exit(0 if len(who_works()) == 1 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert len(who_works()) == 1
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=LIMIT)


def test_python_ends_with_its_helpers_and_a_late_caller_works_alone():
    script = """
import threading, time
from course_utils.images.threads import share_out

def late():
    threading.main_thread().join()
    time.sleep(0.2)  # Python has told its helpers to go
    found = []
    share_out(found.append, range(100))
    print(found == list(range(100)))

share_out(time.sleep, [0.01] * 8)
threading.Thread(target=late).start()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT, check=True
    )
    assert (ended.stdout, ended.stderr) == ("True\n", "")
