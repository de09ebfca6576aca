"""The case desk: what a person has put together of questions, flights, notes and pictures, kept by the node."""
