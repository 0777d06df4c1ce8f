"""What the sandbox provides to commands: interpreter, folders, variables, and their digest."""

from evogit.environment.interpreter import Interpreter, inspect_python
from evogit.environment.prepare import prepare

__all__ = ["Interpreter", "inspect_python", "prepare"]
