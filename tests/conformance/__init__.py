"""CDS Hooks, requirement by requirement: ``rows/`` has the tests, ``page.py`` the list that they must cover."""
