"""The API: every endpoint, every spelling of its path, and every body that it answers with."""
