"""What the limits of the checks rest on: networks that learned a planted shortcut, and networks that learned none.

`python -m benchmarks.field train` trains and stores, `… judge` asks the checks, `… table` prints; see `__main__.py`.
"""
