"""Questions, their judging, the gallery of mistakes and the tour: all keys come from the engine."""
