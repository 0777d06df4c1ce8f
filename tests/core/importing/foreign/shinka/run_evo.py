"""Starts a run over there; here only its message to the model is read."""

from shinka.core import EvolutionConfig  # not installed, never imported here

search_task_sys_msg = """Make the series converge faster."""

config = EvolutionConfig(task_sys_msg=search_task_sys_msg)
