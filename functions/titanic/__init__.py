"""The product: domain first, workflows around it, adapters at the edge."""
