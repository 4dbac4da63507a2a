"""Whether a library's complaint is about a lack of memory: the libraries say so in words alone."""

from __future__ import annotations


def host_memory_is_short(error: Exception) -> bool:
    """Whether OpenVINO, ONNX Runtime or torch failed for want of host memory.

    They raise one type for everything: "Failed to allocate", "std::bad_alloc", "can't allocate memory".
    """
    return "alloc" in str(error).casefold()


def gpu_memory_is_short(complaint: str) -> bool:
    """Whether TensorRT failed for want of GPU memory, and not by an illegal access to it.

    It names the function of its own that failed, an allocator's among them, so "alloc" alone tells nothing.
    """
    text = complaint.casefold().replace(" ", "")
    return "outofmemory" in text or "memoryallocation" in text
