"""One module for each revision, numbered. A revision that was released is never changed."""
