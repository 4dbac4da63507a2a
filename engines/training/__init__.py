"""Training of Interneg's networks: one network per file, degradations, losses, one ``train.py``.

Training runs on torch and numpy alone; only ``pack.py`` (PyAV, OpenImageIO) and ``quantise.py``
(onnxruntime) need more.
"""
