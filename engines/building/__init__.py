"""Building TensorRT engines ahead of time, one at a time: factory.py builds many at once.

Two libraries share nearly one API. TensorRT for RTX builds for any of its targets on a machine without a
GPU; TensorRT builds for the GPU it runs on. `libraries` knows both, `profiles` the largest tiles, `orders`
what can be built for which GPU, `graph` reads a model into a library's network, `making` builds the engine.
"""
