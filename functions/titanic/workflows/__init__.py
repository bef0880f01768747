"""What the product does: each module is one verb, written against ports alone."""
