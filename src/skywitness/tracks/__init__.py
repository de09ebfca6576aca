"""How an aircraft moved: its state, folded from messages and positions."""
