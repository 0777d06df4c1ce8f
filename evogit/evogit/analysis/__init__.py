"""Looking back at an evolution: which steps gained what, and how the population got there."""
