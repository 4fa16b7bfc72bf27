"""What is asked of each answer: a file for each lesson, hidden inputs drawn from a seed."""
