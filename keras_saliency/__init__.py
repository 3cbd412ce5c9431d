"""Watch what a Keras model looks at while it trains."""
