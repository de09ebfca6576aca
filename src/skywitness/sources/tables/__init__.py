"""Other programs' tables of positions: their columns, units and times, and what makes us refuse one."""
