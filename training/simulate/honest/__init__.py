"""What honest people and firms do; each file is one side of life."""
