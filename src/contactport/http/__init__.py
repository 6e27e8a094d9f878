"""The wire: every endpoint, every way to ask it and every body it answers with."""
