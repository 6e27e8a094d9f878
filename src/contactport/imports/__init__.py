"""The life of an import, from its beginning to its purge."""
