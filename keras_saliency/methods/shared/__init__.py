"""What several methods share: averages, noise, paths, baselines, quadrature, segments, maps of layers."""
