#define _GNU_SOURCE
#include "platform_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t platform_memory(void)
{
    return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void *platform_share(size_t size, int *descriptor)
{
    *descriptor = memfd_create("interneg", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*descriptor < 0)
        return NULL;
    void *pixels = MAP_FAILED;
    if (fallocate(*descriptor, 0, 0, (off_t)size) == 0 &&
        fcntl(*descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)
        pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *descriptor, 0);
    if (pixels != MAP_FAILED)
        return pixels;
    close(*descriptor);
    return NULL;
}

void platform_unshare(void *pixels, size_t size, int descriptor)
{
    munmap(pixels, size);
    close(descriptor);
}
