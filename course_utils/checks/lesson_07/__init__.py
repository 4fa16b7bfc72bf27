"""Lesson 07: silent channels, Grad-CAM, a step uphill mended, an occlusion map."""

from course_utils.checks.lesson_07 import climbing, covering, heat, silence

__all__ = ["climbing", "covering", "heat", "silence"]
