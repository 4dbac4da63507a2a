"""The models of the catalogue for their users: listed, shown, removed, compared."""
