"""Lesson 03: parameters by hand, a set-up mended, true invariance, a small network that is good."""

from course_utils.checks.lesson_03.counting import parameters
from course_utils.checks.lesson_03.moving import judge_location_invariant
from course_utils.checks.lesson_03.setting_up import judge_mended
from course_utils.checks.lesson_03.small import judge_small_and_good

__all__ = ["judge_location_invariant", "judge_mended", "judge_small_and_good", "parameters"]
