"""This server beside fairly written peers, measured in one run; README.md tells how."""
