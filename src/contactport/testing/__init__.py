"""For tests of contactport, of sources for it, and of applications that use it: shipped with the package."""
