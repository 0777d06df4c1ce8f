"""What evaluators import from ShinkaEvolve, and nothing else of it."""
