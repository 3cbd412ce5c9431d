"""What a person sees of a survey: one page, and the pictures of its examples."""
