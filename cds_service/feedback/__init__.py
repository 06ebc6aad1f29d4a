"""What clinicians did with the cards: POST /cds-services/ID/feedback."""
