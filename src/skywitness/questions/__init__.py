"""Questions to the past and to the present, and what an answer must offer."""
