"""Tries to hold its place without using anything."""

import time

time.sleep(600)
