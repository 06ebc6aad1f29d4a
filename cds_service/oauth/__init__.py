"""OAuth 2 and OpenID Connect as a client: discovery, the code flow, tokens, and our own signing keys."""
