import json

import numpy as np
import pytest

from course_utils import claims
from tools import results

ENTRIES = """
["00.exact"]
statement = "there are {promise}"
source = "counted"
equals = 8
unit = "places"

["00.list"]
statement = "the sums are {promise}"
source = "counted"
equals = [1, 2.5]
tolerance = 0.01

["00.range"]
statement = "the accuracy is {promise}"
source = "three runs"
unit = "%"
quick.between = [80, 83]
full.at_least = 91.5
"""


@pytest.fixture
def entries(monkeypatch):
    """Replace claims.toml; the function returned replaces it again."""

    def use(text=ENTRIES):
        monkeypatch.setattr(claims, "_read", lambda name: text)
        claims.promises.cache_clear()

    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    monkeypatch.setenv("COURSE_STRICT", "1")
    use()
    yield use
    claims.promises.cache_clear()


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("00.exact", 8),
        ("00.exact", np.int64(8)),
        ("00.list", [1, 2.505]),
        ("00.list", np.array([1.0, 2.5])),
        ("00.range", 80),
        ("00.range", np.float32(83)),
    ],
)
def test_a_kept_promise_prints_its_statement_and_not_the_value(entries, capsys, id, value):
    claims.claim(id, value)
    line = capsys.readouterr().out
    assert line.startswith(f"[{id}] held: ")
    assert "2.505" not in line


def test_the_promise_is_spelt_with_its_unit(entries, capsys):
    claims.claim("00.range", 81.234)
    assert capsys.readouterr().out == "[00.range] held: the accuracy is between 80 and 83 %\n"


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("00.exact", 9),
        ("00.exact", "8"),
        ("00.exact", True),
        ("00.exact", [8]),
        ("00.list", [1]),
        ("00.list", [1, 2.52]),
        ("00.list", 1),
        ("00.range", 79.99),
        ("00.range", 83.01),
        ("00.range", float("nan")),
    ],
)
def test_a_broken_promise_raises_where_strict(entries, capsys, id, value):
    with pytest.raises(claims.ClaimError, match=id):
        claims.claim(id, value)
    assert f"[{id}] NOT held: " in capsys.readouterr().out


def test_a_broken_promise_warns_a_learner_and_names_the_value(entries, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "0")
    with pytest.warns(claims.ClaimWarning, match="this run gave 9"):
        claims.claim("00.exact", 9)


def test_profiles_may_promise_different_things(entries, monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "full")
    claims.claim("00.range", 95)
    with pytest.raises(claims.ClaimError):
        claims.claim("00.range", 82)


def test_an_unknown_claim_is_named(entries):
    with pytest.raises(KeyError, match=r"no claim '00\.nothing'"):
        claims.claim("00.nothing", 1)


def test_a_range_compares_numbers_only(entries):
    with pytest.raises(TypeError, match="one number"):
        claims.claim("00.range", "81")


@pytest.mark.parametrize(
    "entry",
    [
        'statement = "s"\nsource = "f"',
        'statement = "s"\nequals = 1',
        'source = "f"\nequals = 1',
        'statement = "s"\nsource = "f"\nequals = 1\nat_least = 1',
    ],
)
def test_an_entry_promises_exactly_one_thing_with_a_source(entries, entry):
    entries(f'["00.bad"]\n{entry}')
    with pytest.raises(ValueError, match=r"claims\.toml, 00\.bad"):
        claims.claim("00.bad", 1)


def test_every_entry_of_the_course_is_well_formed_in_both_profiles():
    for profile in ("quick", "full"):
        promises = claims.promises(profile)
        assert promises
        assert all(str(promise) for promise in promises.values())


def test_an_accuracy_is_promised_within_three_points_or_four_deviations():
    found = claims.results()
    for profile in ("quick", "full"):
        for promise in claims.promises(profile).values():
            if promise.kind == "between" and promise.unit == "%":
                result = found.get(promise.id)
                allowed = max(3.0, 4 * result.spread if result else 0.0)
                low, high = promise.target
                assert high - low <= allowed + 1e-9, promise.id


def test_recording_a_result_makes_it_readable(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    path.write_text("{}")
    results.record(
        "00.full.test", statement="s", values=[90, 92], unit="%", seeds=[0, 1], path=path
    )
    monkeypatch.setattr(claims, "_read", lambda name: path.read_text())
    result = claims.recorded("00.full.test")
    assert (result.mean, round(result.spread, 3), result.seeds) == (91, 1.414, [0, 1])
    assert result.versions["numpy"] == np.__version__


def test_a_result_needs_a_value_for_each_seed(tmp_path):
    with pytest.raises(ValueError, match="1 values for 2 seeds"):
        results.record("x", statement="s", values=[1.0], unit="%", seeds=[0, 1])


def test_an_unknown_result_says_how_results_are_recorded():
    with pytest.raises(KeyError, match="make full"):
        claims.recorded("00.nothing")


def test_the_stored_results_are_complete():
    stored = json.loads(results.RESULTS.read_text(encoding="utf-8"))
    assert stored
    for id, entry in stored.items():
        assert {"statement", "values", "unit", "device", "versions", "date"} <= set(entry), id
