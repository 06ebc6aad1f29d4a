"""Parts of the page that plays the EHR: what it shows, and how it calls the service."""
