"""The documentation site: `docs/` and the notebooks as pages, built by Zensical, every link followed. `make docs`."""
