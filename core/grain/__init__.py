"""Texture of the film or the sensor; import the module that is needed.

noise       how noisy a picture is, as a function of its brightness
"""
