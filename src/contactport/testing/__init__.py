"""For tests of contactport, of sources for it, and of services that are built on it: shipped with the package.

`source` has a source that holds its pages in memory, `sink` reads any source to its end without a database, `imports`
makes imports at any point of their lives, and `clock` is a clock to set. docs/howto/testing.md shows each.
"""
