"""Postal barcodes: found on a page, decoded to the ZIP code that they state."""
