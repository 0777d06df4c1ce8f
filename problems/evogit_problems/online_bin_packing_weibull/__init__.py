"""Online bin packing of Weibull items; ``README.md`` says what is measured. The package holds data only."""
