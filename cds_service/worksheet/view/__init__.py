"""What the worksheet shows, as words: made from an assessment, without HTTP, clock or storage."""
