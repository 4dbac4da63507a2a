"""The models: one TOML, weights and a model card each."""
