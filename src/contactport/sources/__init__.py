"""Where address books live: one file or folder a protocol, one row of `providers.toml` a provider."""
