"""A line of handwriting, from ink to value, by two readers.

    segment -> lattice (runs of pieces, normalized to 28x28) -> classify -> decode \\
                                                                                    values
    picture (the whole line) -> classify -> ctc                                    /
"""
