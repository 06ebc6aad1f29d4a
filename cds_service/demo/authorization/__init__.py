"""The demo's own OAuth, SMART and OpenID server: correct, small, in memory, and for this machine only."""
