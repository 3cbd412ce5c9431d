"""What several checks share: the subject, its pixels, statistics of proportions, pictures for reports."""
