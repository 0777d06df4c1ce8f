"""What a genome says, apart from how it is written: fingerprints and measures of code.

Everything here reads and never runs: genomes are hostile. Whatever can not be read is taken as the
bytes it is.
"""
