"""What the distance must be, whatever computes it."""

import itertools
import unittest

from distance import distance

WORDS = ["", "a", "b", "ab", "ba", "abc", "acb", "kitten", "sitting", "flaw", "lawn", "äöü", "aaaa", "\U0001f600b"]


class DistanceTest(unittest.TestCase):
    def test_known(self):
        known = {("kitten", "sitting"): 3, ("flaw", "lawn"): 2, ("", "abc"): 3, ("abc", "abc"): 0, ("ab", "ba"): 2, ("aaaa", "a"): 3}
        for (a, b), expected in known.items():
            self.assertEqual(distance(a, b), expected)

    def test_symmetric_and_zero_only_for_equal(self):
        for a, b in itertools.product(WORDS, repeat=2):
            self.assertEqual(distance(a, b), distance(b, a))
            self.assertEqual(distance(a, b) == 0, a == b)

    def test_triangle(self):
        for a, b, c in itertools.product(WORDS, repeat=3):
            self.assertLessEqual(distance(a, c), distance(a, b) + distance(b, c))

    def test_bounds(self):
        for a, b in itertools.product(WORDS, repeat=2):
            self.assertGreaterEqual(distance(a, b), abs(len(a) - len(b)))
            self.assertLessEqual(distance(a, b), max(len(a), len(b)))


if __name__ == "__main__":
    unittest.main()
