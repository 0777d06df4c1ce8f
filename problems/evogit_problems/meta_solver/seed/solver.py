"""Finds a heuristic for bin packing by asking a language model, and keeps it only if it is better."""

FIRST_FIT_DECREASING = '''
def pack(sizes, capacity):
    """The largest item first, each into the first bin with room; returns the bin of each item."""
    places = [0] * len(sizes)
    rooms = []
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        for place, room in enumerate(rooms):
            if room >= sizes[i]:
                break
        else:
            place = len(rooms)
            rooms.append(capacity)
        rooms[place] -= sizes[i]
        places[i] = place
    return places
'''


# EVOLVE-BLOCK-START
ROUNDS = 1

PROMPT = """Write a Python function for offline bin packing that uses few bins.
It is called pack(sizes, capacity) and returns a list: for every item the number of its bin, from 0.
This is the best so far:
{best}
Answer with the whole function in one Python code block and nothing else."""


def code_in(answer):
    """The first code block of an answer, or all of it if there is none."""
    parts = answer.split("```")
    text = parts[1] if len(parts) > 1 else answer
    return text.removeprefix("python").strip() + "\n"


def bins(source, examples, capacity):
    """How many bins a heuristic uses on all examples; None if it is no heuristic."""
    scope = {}
    try:
        exec(source, scope)
        total = 0
        for sizes in examples:
            places = scope["pack"](list(sizes), capacity)
            loads = {}
            for size, place in zip(sizes, places, strict=True):
                loads[place] = loads.get(place, 0) + size
            if max(loads.values()) > capacity:
                return None
            total += len(loads)
        return total
    except Exception:
        return None


def solve(ask, examples, capacity):
    """The best heuristic, as source; `ask` takes a prompt and returns an answer, or None."""
    best = FIRST_FIT_DECREASING
    fewest = bins(best, examples, capacity)
    for _ in range(ROUNDS):
        answer = ask(PROMPT.format(best=best))
        if answer is None:
            break
        found = code_in(answer)
        used = bins(found, examples, capacity)
        if used is not None and used < fewest:
            best, fewest = found, used
    return best
# EVOLVE-BLOCK-END
