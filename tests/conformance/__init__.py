"""CDS Hooks, row by row: ``rows/`` has the tests, ``page.py`` the list that they must cover."""
