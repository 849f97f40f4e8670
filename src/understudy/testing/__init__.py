"""Public fakes that ship with the package, so that others can test against Understudy without a model or a GPU."""
