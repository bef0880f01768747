"""Training: the steps from features to a champion, and the gate."""
