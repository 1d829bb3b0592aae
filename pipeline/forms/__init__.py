"""Forms: a layout file, the page laid over it, and the ink of every field lifted out of its frame.

    schema (FORM.toml) -> rules -> register -> lay -> lift -> unframe -> share -> cut -> read -> checks

`propose` writes a layout from a blank page, `draw` shows one over a scan.
"""
