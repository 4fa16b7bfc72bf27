import os
import subprocess
import sys

import pytest

from course_utils import settings


def test_the_default_profile_is_quick(monkeypatch):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    assert settings.profile() == settings.Profile("quick")


def test_the_full_profile_picks_full_values(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "Full")
    run = settings.profile()
    assert (run.size, run.pick(quick=1, full=2), str(run)) == ("full", 2, "full")


def test_an_unknown_profile_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "fast")
    with pytest.raises(ValueError, match=r"'fast'.*quick, full"):
        settings.profile()


@pytest.mark.parametrize(("value", "strict"), [("", False), ("0", False), ("1", True)])
def test_strict_is_on_only_when_set(monkeypatch, value, strict):
    monkeypatch.setenv("COURSE_STRICT", value)
    assert settings.strict() is strict


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    assert settings.cache_folder() == tmp_path


def test_quiet_silences_what_is_written_below_python(capfd):
    with settings.quiet():
        os.write(2, b"noise")
    os.write(2, b"signal")
    assert capfd.readouterr().err == "signal"


def test_quiet_lets_errors_through_and_restores_standard_error(capfd):
    with pytest.raises(ZeroDivisionError), settings.quiet():
        raise ZeroDivisionError
    os.write(2, b"signal")
    assert capfd.readouterr().err == "signal"


def test_importing_the_package_loads_no_heavy_module():
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'numpy', 'pooch', 'IPython'}"
    code = f"import sys, course_utils; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_exported_name_can_be_had():
    import course_utils

    for name in course_utils.__all__:
        assert getattr(course_utils, name) is not None


def test_an_unknown_name_lists_the_known_ones():
    import course_utils

    with pytest.raises(AttributeError, match=r"no 'lod'; it has .*load"):
        _ = course_utils.lod
