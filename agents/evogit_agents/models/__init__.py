"""What a language model is here, and how it is asked: the one place that talks to providers.

``model`` is the contract, ``tokens`` counts, ``usage`` and ``replies`` read what a provider says,
``http`` and ``litellm`` are the two clients, ``gate`` holds callers back, ``prices`` knows what it
costs, ``opening`` makes clients from ``[[models]]``, ``scripted`` and ``recorded`` answer without a
provider, ``live`` forbids real requests.
"""
