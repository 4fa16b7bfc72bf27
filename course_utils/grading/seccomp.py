"""Rules for the kernel of the system: calls that no answer needs, and that get around a limit.

The rules are a program of the Berkeley packet filter's classic kind (`man 2 seccomp`): it reads the
number of a call and its first arguments, and says whether the call may go on.
"""

import platform
import struct

# Memory that belongs to no process, namespaces, keys that outlive a process, other processes.
NUMBERS = {
    "x86_64": {
        "shmget": 29,
        "semget": 64,
        "msgget": 68,
        "ptrace": 101,
        "mount": 165,
        "mq_open": 240,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "setns": 308,
        "memfd_create": 319,
        "bpf": 321,
        "userfaultfd": 323,
        "io_uring_setup": 425,
        "memfd_secret": 447,
    },
    "aarch64": {
        "mount": 40,
        "unshare": 97,
        "ptrace": 117,
        "mq_open": 180,
        "msgget": 186,
        "semget": 190,
        "shmget": 194,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "perf_event_open": 241,
        "setns": 268,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
        "io_uring_setup": 425,
        "memfd_secret": 447,
    },
}
CODES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_...
CLONE, CLONE3 = {"x86_64": 56, "aarch64": 220}, 435
SETSOCKOPT = {"x86_64": 54, "aarch64": 208}
BUFFERS = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, and what forces them
CLONE_NEWUSER, OTHER_NUMBERS = 0x10000000, 0x40000000  # a flag of clone; x86's third numbering
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, NOT_PERMITTED, NOT_THERE = 0x7FFF0000, 0x80000000, 0x50001, 0x50026
CALL, MACHINE, ARGUMENTS = 0, 4, (16, 24, 32)  # where things are in what the program reads


def known(machine: str = platform.machine()) -> bool:
    """Return whether there are rules for this kind of processor."""
    return machine in NUMBERS


def rules(machine: str = platform.machine()) -> bytes:
    """Return the program for a kind of processor, as bwrap's --seccomp reads it.

    Raises
    ------
    KeyError
        If there are none for it; see `known`.
    """
    steps = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, CODES[machine]), (RETURN, 0, 0, KILL)]
    steps += [(LOAD, 0, 0, CALL), (AT_LEAST, 0, 1, OTHER_NUMBERS), (RETURN, 0, 0, NOT_PERMITTED)]
    for number in NUMBERS[machine].values():
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, NOT_PERMITTED)]
    steps += _sockets(machine)
    # The C library takes clone where there is no clone3, whose flags no program of rules can read.
    steps += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, NOT_THERE)]
    steps += [(EQUAL, 0, 3, CLONE[machine]), (LOAD, 0, 0, ARGUMENTS[0])]
    steps += [(ANY_BIT, 0, 1, CLONE_NEWUSER), (RETURN, 0, 0, NOT_PERMITTED)]
    steps += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _sockets(machine: str) -> list[tuple[int, int, int, int]]:
    """Return steps that refuse larger buffers for sockets and allow their other options."""
    level, option = [(LOAD, 0, 0, place) for place in ARGUMENTS[1:]]
    choices = [(EQUAL, len(BUFFERS) - 1 - i, 0, name) for i, name in enumerate(BUFFERS)]
    choices[-1] = (EQUAL, 0, 1, BUFFERS[-1])
    refused, allowed = (RETURN, 0, 0, NOT_PERMITTED), (RETURN, 0, 0, ALLOW)
    steps = [level, (EQUAL, 0, len(BUFFERS) + 2, 1), option, *choices, refused, allowed]
    return [(EQUAL, 0, len(steps), SETSOCKOPT[machine]), *steps]
