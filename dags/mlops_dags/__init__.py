"""What the DAGs of this folder share. Named apart from the product's own packages, of which nothing is imported."""
