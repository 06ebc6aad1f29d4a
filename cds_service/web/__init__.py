"""The HTTP surface: paths, what happens before and after every request, and errors."""
