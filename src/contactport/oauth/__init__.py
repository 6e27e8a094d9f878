"""OAuth 2.1: authorization code with PKCE (draft-ietf-oauth-v2-1, RFC 6749, RFC 7636)."""
