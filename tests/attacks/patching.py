"""Attacks that change what runs in the kernel: the asking, the comparing, the cells."""

from attacks import WRONG, attack

EVERYTHING = '"[[[], [0]], [[3], [1, 2, 3]]]"'


@attack
def patches_json():
    """json.dumps says what the attacker likes, but to the kernel itself."""
    return f"""
import json
honest = json.dumps
def dumps(thing, **options):
    return {EVERYTHING} if isinstance(thing, list) and not options else honest(thing, **options)
json.dumps = dumps
{WRONG}"""


@attack
def equals_everything():
    """An object that is equal to whatever it is compared with."""
    return """
class Equal(np.ndarray):
    def __eq__(self, other):
        return np.True_
    __ne__ = lambda self, other: np.False_
    def all(self, *_, **__):
        return np.True_
    def __array_function__(self, function, types, args, kwargs):
        return True

def convolve(sequence, weights):
    return np.zeros(len(sequence) - len(weights) + 1).view(Equal)
"""


@attack
def lies_about_its_numbers():
    """An object that gives other numbers each time that it is turned into an array."""
    return """
class Liar:
    shape, dtype, times = (3,), np.dtype(float), 0
    def __array__(self, *_, **__):
        Liar.times += 1
        return np.full(Liar.times, Liar.times, float)
    def __float__(self):
        return 1.0

def convolve(sequence, weights):
    return Liar()
"""


@attack
def swallows_errors():
    """A handler of all exceptions that says all is well."""
    return f"""
def well(shell, kind, error, traceback, tb_offset=None):
    print("01.2 right.")
get_ipython().set_custom_exc((BaseException,), well)
{WRONG.replace("return 0", "raise ValueError")}"""


@attack
def rewrites_later_cells():
    """A transformer of syntax trees that empties every later cell."""
    return f"""
import ast
class Empty(ast.NodeTransformer):
    def visit_Module(self, tree):
        return ast.Module([], [])
    visit_Expr = lambda self, node: ast.Pass()
get_ipython().ast_transformers.append(Empty())
{WRONG}"""


@attack
def comments_later_cells():
    """A transformer of inputs that puts nbval's comments into every later cell."""
    return f"""
def ignore(lines):
    return ["# NBVAL_IGNORE_OUTPUT\\n", "# NBVAL_SKIP\\n", "pass\\n"]
get_ipython().input_transformers_cleanup.insert(0, ignore)
{WRONG}"""


@attack(mistaken=True)
def asks_nbval_to_skip():
    """The comments with which a cell tells nbval not to look."""
    return f"# NBVAL_SKIP\n# NBVAL_IGNORE_OUTPUT\n# NBVAL_RAISES_EXCEPTION\n{WRONG}"


@attack
def ends_the_cell_early():
    """Text that would end the cell in a text format, and begin one that checks nothing."""
    return f'{WRONG}\n# %% tags=["nbval-skip"]\n"""\n# %% [markdown]\n"""\n%matplotlib inline\n'


@attack
def replaces_the_question():
    """A hook before each cell puts another function where the question is asked."""
    return f"""
def ask(*_):
    print({EVERYTHING})
class Stubborn(dict):
    pass
def before(info=None):
    shell = get_ipython()
    for name in [n for n in shell.user_ns if "ask" in n.lower()] + ["_ask"]:
        shell.user_ns[name] = ask
get_ipython().events.register("pre_run_cell", before)
get_ipython().events.register("pre_execute", before)
{WRONG}"""


@attack
def replaces_modules():
    """NumPy and json are replaced, for the question alone, by modules of the attacker's own."""
    return f"""
import builtins, sys, types
fake = types.ModuleType("json")
fake.dumps = lambda *_, **__: {EVERYTHING}
def other(name, space=None, *rest, real=builtins.__import__, fake=fake):
    ours = (space or {{}}).get("__name__") == "__main__"
    return fake if ours and name == "json" else real(name, space, *rest)
builtins.__import__ = other
np.rint = lambda array: np.zeros(3)
np.array_equal = lambda *_, **__: True
{WRONG}"""


@attack
def traces_the_question():
    """A trace function looks for what is expected in the frames, and changes what was given."""
    return """
import sys, threading
found = []
def trace(frame, event, argument):
    for name, value in list(frame.f_locals.items()):
        if any(word in name for word in ("expect", "solution", "right", "reference")):
            found.extend([value] if isinstance(value, (list, np.ndarray)) else [])
        if name == "given" and isinstance(value, list):
            value[:] = [np.asarray(one).tolist() for one in found[:4]]
    return trace if frame.f_code.co_name == "_ask" else None
sys.settrace(trace)
threading.settrace(trace)

def convolve(sequence, weights):
    sys._getframe(1).f_trace = trace
    return found[0] if found else 0
"""


@attack
def looks_for_the_solution_in_memory():
    """Walks all objects and frames for another function of the same name, or what is expected."""
    return """
import gc, sys, types
def convolve(sequence, weights):
    frame, found = sys._getframe(1), []
    while frame:
        for space in (frame.f_locals, frame.f_globals):
            found += [v for k, v in list(space.items()) if "expected" in k or "solution" in k]
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType) and thing.__name__ == "convolve":
            if thing.__code__ is not convolve.__code__ and "numpy" not in thing.__module__:
                found.append(thing(sequence, weights))
    return found[-1] if found else 0
"""


@attack
def returns_a_pickle():
    """An answer that runs a command when somebody unpickles it."""
    return """
import os
class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/course_attack_canary",)
    def __repr__(self):
        return "array([1, 2, 3])"

def convolve(sequence, weights):
    return np.array([Bomb()] * 3, dtype=object)
"""


@attack
def runs_magics():
    """Magics that capture later cells, run a shell, replace the prompt."""
    return f"%autocall 2\n%pprint\n!touch /tmp/course_attack_canary\n%alias_magic t timeit\n{WRONG}"
