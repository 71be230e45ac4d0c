"""What polling costs, and how late it tells: fleets of clients in simulated time."""
