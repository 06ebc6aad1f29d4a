"""The real service with the sample patients' hospital around it, without sockets."""
