"""Who calls: tokens, the keys that they are checked with, and replays. Whatever is wrong is a bare 401."""
