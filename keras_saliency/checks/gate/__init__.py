"""From checks to a verdict on a model: suites, configuration, waivers, the golden file, the runner."""
