"""Where a class may rest on something that is not the object: places and contents to be tried by the experiment."""
