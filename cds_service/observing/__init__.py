"""Logs, metrics, traces and health: without anything that came from a chart."""
