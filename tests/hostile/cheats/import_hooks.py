"""Tries to hand false modules to whatever is imported after it.

Expected: Scored 0 or Crashed
"""

import sys
import types


class Finder:
    def find_spec(self, name, path=None, target=None):
        module = types.ModuleType(name)
        module.dumps = lambda *_, **__: '{"score": 5}'
        sys.modules[name] = module
        return None


sys.meta_path.insert(0, Finder())
sys.path_hooks.clear()
sys.path[:] = ["/tmp"]


def solve(numbers):
    return []
