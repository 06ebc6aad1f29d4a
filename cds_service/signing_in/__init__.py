"""Who sits before the browser: sign-in, roles, sessions, and what each of them may see."""
