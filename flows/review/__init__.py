"""The review station: what the machine was not sure of, settled by people in a browser.

    store (ledger) -> fields -> desk (who gets which field next) -> api and pages -> browser

`votes` says when enough people agree, `quality` what the audit measured, `publish` brings decisions
into results.csv, `security` keeps others out. Nothing here reads a scan that the ledger does not name.
"""
