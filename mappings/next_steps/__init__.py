"""What would settle an assessment, and by how much or how long it was missed."""
