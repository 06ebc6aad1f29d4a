"""What docs/operate.md says, with real processes: `trialhook serve`, its workers, and the files of docs/samples."""
