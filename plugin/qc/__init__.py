"""Quality control: a clip compared with its reference, figure by figure, and reports of it."""
