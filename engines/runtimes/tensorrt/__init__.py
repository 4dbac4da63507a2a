"""TensorRT and TensorRT for RTX: engines built ahead of time, run through pycuda on the first visible GPU.

Engines come out of the store and are never built here. `runtime` finds the engine for a model and the GPU,
`network` opens it, `lane` runs one tile, `driver` is what all ask of the GPU's driver, and `cuda_graph` is
what pycuda lacks of it.
"""
