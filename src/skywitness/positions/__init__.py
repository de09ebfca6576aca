"""Where an aircraft is, however that was found."""
