"""What joins the core to the world: set-up, tracking of whole recordings."""
