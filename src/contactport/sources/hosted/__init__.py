"""What the sources of hosted providers share: JSON read without trust, requests with a token, pages of contacts."""
