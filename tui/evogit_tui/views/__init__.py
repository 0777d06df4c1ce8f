"""The six views of the main screen."""
