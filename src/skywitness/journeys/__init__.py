"""From positions to flights: legs, their ends, events, stops and journeys."""
