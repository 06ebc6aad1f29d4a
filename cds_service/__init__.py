"""The edge: HTTP, FHIR servers, storage, the clock, settings, command line, logs.

Rule of this folder: whatever touches the outside world lives here and nowhere below. Patient values, ids,
names and tokens never reach a log, an error message or a URL of ours.
"""
