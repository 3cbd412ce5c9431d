"""Interventions on images and their statistics: what verdicts about regions rest on."""
