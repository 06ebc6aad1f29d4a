"""What docs/operate.md says, with real processes, and the files of docs/samples."""
