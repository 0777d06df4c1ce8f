"""Which offspring a human has to look at first, on what evidence, and how code drifts.

``scan`` reads what an offspring added; ``signals`` weighs what was measured; ``drift`` says what a
run did to tests, dependencies and size. Nothing here runs, imports or trusts candidate code.
"""
