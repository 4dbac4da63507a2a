"""A model trained on the user's plates: clips read and held out, damage measured and made, results judged."""
