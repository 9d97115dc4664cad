"""The section `layers` → the inputs, params and equations that it stands for."""
