"""Adds up a series that should come near pi."""


# EVOLVE-BLOCK-START
def estimate(terms):
    total = 0.0
    for k in range(terms):
        total += (-1) ** k / (2 * k + 1)
    return 4 * total
# EVOLVE-BLOCK-END


def run_experiment(terms):
    return estimate(terms)
