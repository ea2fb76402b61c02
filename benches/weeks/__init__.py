"""Six weeks of a council's exports, and what each program stores of them."""
