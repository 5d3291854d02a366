"""The stages of a call, and the providers behind them."""
