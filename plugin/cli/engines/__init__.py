"""`build_engines.py`: TensorRT engines for the GPUs of a facility, into the store; and the store's upkeep.

`command` has the options, `plan` what they ask for, `builds` builds it, `store` lists, verifies and prunes,
`tables` is how all of them print.
"""
