"""Postal codes: where on the mail one may stand, which of the places it is, what else speaks for it.

    address (lines of text) -> spot (stretches like a code) -> written \\
                                                                        codes <- postal (lists, barcodes)
    boxes (printed ones) ----------------------------------------------/
"""
