"""Which answers count where a learner handed in more than one, and which lessons they belong to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from course_utils.grading.showing import few
from course_utils.grading.submissions import Submission, by_name

TWICE = "answered more than once: none of these answers counts"


def same(answer: str, blank: str) -> bool:
    """Return whether an answer cell is as it was handed out, spaces and line breaks aside."""
    return answer.split() == blank.split()


def together(found: Sequence[Submission], blanks: Mapping[str, str]) -> list[Submission]:
    """Return one submission for each learner, sorted, with one answer to an exercise at most.

    Where there are several, ``blanks`` (the cells as handed out) and empty ones count for nothing,
    and equal ones once. An exercise with different answers has none, and is in ``twice``.

    Examples
    --------
    >>> found = [Submission("Ada", {"01.1": "a"}), Submission("Ada", {"01.1": "b", "01.2": ""})]
    >>> together(found, {})
    [Submission(learner='Ada', answers={'01.2': ''}, problems=('01.1 is answered more than once: \
none of these answers counts',), twice=('01.1',), more=())]
    """
    learners: dict[str, list[Submission]] = {}
    for one in found:
        learners.setdefault(one.learner, []).append(one)
    return sorted((_one(several, blanks) for several in learners.values()), key=by_name)


def answered(found: Sequence[Submission]) -> list[str]:
    """Return the lessons that at least half of those who answered anything answered.

    Examples
    --------
    >>> ada, eve = Submission("Ada", {"01.1": ""}), Submission("Eve", {"01.2": "", "07.1": ""})
    >>> answered([ada, ada, eve, Submission("Bob")])
    ['01']
    """
    each = [lessons for one in found if (lessons := _lessons(one))]
    counts = Counter(lesson for lessons in each for lesson in lessons)
    return sorted(lesson for lesson, count in counts.items() if 2 * count >= len(each))


def unknown(answers: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """Yield a line about answers to exercises that a graded lesson does not have.

    Examples
    --------
    >>> list(unknown(["01.1", "01.9", "07.1"], ["01.1"]))
    ['01.9 answered: there is no such exercise']
    """
    for _, ids in _others(answers, known, graded=True):
        yield f"{', '.join(ids)} answered: there is no such exercise"


def not_graded(answers: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """Yield a line for each lesson with answers that is not graded.

    Examples
    --------
    >>> list(not_graded(["01.1", "01.9", "07.1", "07.2"], ["01.1"]))
    ['07.1, 07.2 answered: lesson 07 is not graded']
    """
    for lesson, ids in _others(answers, known, graded=False):
        yield f"{', '.join(ids)} answered: lesson {lesson} is not graded"


def of_class(found: Sequence[Submission], known: Iterable[str]) -> tuple[str, ...]:
    """Return a line for each lesson that is not graded, with how many answered it.

    Examples
    --------
    >>> of_class([Submission("Ada", {"01.1": "", "07.1": ""}), Submission("Bob")], ["01.1"])
    ('lesson 07 is not graded; answered by 1 of 2',)
    """
    graded = {id[:2] for id in known}
    counts = Counter(lesson for one in found for lesson in _lessons(one) - graded)
    return tuple(
        f"lesson {lesson} is not graded; answered by {count} of {len(found)}"
        for lesson, count in sorted(counts.items())
    )


def _others(
    answers: Iterable[str], known: Iterable[str], *, graded: bool
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield lessons that are ``graded`` or not, with the ids answered that are not known."""
    known = set(known)
    lessons = {id[:2] for id in known}
    others = sorted(id for id in set(answers) - known if (id[:2] in lessons) == graded)
    for lesson in sorted({id[:2] for id in others}):
        yield lesson, few([id for id in others if id[:2] == lesson])


def _lessons(one: Submission) -> set[str]:
    return {id[:2] for id in (*one.answers, *one.twice)}


def _one(several: Sequence[Submission], blanks: Mapping[str, str]) -> Submission:
    """Put all submissions of a learner together."""
    sources: dict[str, list[str]] = {}
    for id, source in (pair for one in several for pair in (*one.answers.items(), *one.more)):
        sources.setdefault(id, []).append(source)
    counting = {id: _counting(sources[id], blanks.get(id, "")) for id in sources}
    answers = {id: left[0] for id, left in counting.items() if len(left) == 1}
    twice = tuple(sorted(id for id, left in counting.items() if len(left) > 1))
    problems = [line for one in several for line in one.problems]
    problems += [f"{id} is {TWICE}" for id in twice]
    return Submission(several[0].learner, answers, tuple(problems), twice)


def _counting(sources: Sequence[str], blank: str) -> list[str]:
    """Return the different answers among several; the first of those as handed out if no other."""
    filled = [one for one in sources if one.strip() and not same(one, blank)]
    different = {_lines(one): one for one in reversed(filled)}
    return list(different.values()) or [*sources[:1]]


def _lines(source: str) -> tuple[str, ...]:
    """Return the lines of an answer without what is not seen at their ends."""
    lines = (line.rstrip() for line in source.strip("\r\n").splitlines())
    return tuple(line for line in lines if line)
