"""Tries a race: folders that turn into links to the host's while somebody measures or removes them.

Expected: nothing gained, in plain processes too
"""

import os
import time

home = os.environ["HOME"]
os.makedirs(home + "/folder/inner")
os.symlink(os.path.dirname(os.environ["SECRET"]), home + "/link")
os.symlink("/", home + "/root")
end = time.monotonic() + 0.6
while time.monotonic() < end:
    os.rename(home + "/folder", home + "/kept")
    os.rename(home + "/link", home + "/folder")
    os.rename(home + "/folder", home + "/link")
    os.rename(home + "/kept", home + "/folder")
os.rename(home + "/folder", home + "/kept")
os.rename(home + "/link", home + "/folder")
print("done")
