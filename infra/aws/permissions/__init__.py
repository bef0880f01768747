"""What the roles of the template may do against what the functions were seen to do, by AWS's rules."""
