"""Scan files: which files of a folder are scans, and from their bytes to page images.

discover -> scans -> containers (what kind, and is all of it there) -> rasters, pdf -> pixels
"""
