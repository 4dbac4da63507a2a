/* A slow and failing file system, for LD_PRELOAD: calls of the C library on files whose path holds $FAULTY_PATH
 * fail with $FAULTY_ERRNO from the call on that $FAULTY_AFTER counts ($FAULTY_CALL: read, write, sync, rename),
 * take $FAULTY_MICROSECONDS longer, and of read and write move at most $FAULTY_MOST bytes (of pread they don't:
 * libraries take that for the end of a file).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static atomic_int seen;

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

static int meant(const char *path) {
    const char *part = getenv("FAULTY_PATH");
    return part && strstr(path, part) != NULL;
}

static int meant_file(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return meant(path);
}

/* Waits, and says whether the call is to fail, with errno set. */
static int fails(const char *call) {
    long wait = number("FAULTY_MICROSECONDS", 0);
    if (wait) usleep((useconds_t)wait);
    const char *which = getenv("FAULTY_CALL");
    if (!which || strcmp(which, call) || !getenv("FAULTY_ERRNO")) return 0;
    if (atomic_fetch_add(&seen, 1) < number("FAULTY_AFTER", 0)) return 0;
    errno = (int)number("FAULTY_ERRNO", EIO);
    return 1;
}

static size_t part(size_t size) {
    size_t most = (size_t)number("FAULTY_MOST", 0);
    return most && most < size ? most : size;
}

ssize_t read(int file, void *data, size_t size) {
    REAL(ssize_t, "read", int, void *, size_t);
    if (meant_file(file)) {
        if (fails("read")) return -1;
        size = part(size);
    }
    return real(file, data, size);
}

ssize_t pread64(int file, void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    return meant_file(file) && fails("read") ? -1 : real(file, data, size, at);
}

ssize_t pread(int file, void *data, size_t size, off_t at) { return pread64(file, data, size, at); }

size_t fread(void *data, size_t size, size_t count, FILE *file) {
    REAL(size_t, "fread", void *, size_t, size_t, FILE *);
    return meant_file(fileno(file)) && fails("read") ? 0 : real(data, size, count, file);
}

ssize_t write(int file, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (meant_file(file)) {
        if (fails("write")) return -1;
        size = part(size);
    }
    return real(file, data, size);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return meant_file(file) && fails("write") ? -1 : real(file, parts, count);
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    REAL(size_t, "fwrite", const void *, size_t, size_t, FILE *);
    return meant_file(fileno(file)) && fails("write") ? 0 : real(data, size, count, file);
}

int fsync(int file) {
    REAL(int, "fsync", int);
    return meant_file(file) && fails("sync") ? -1 : real(file);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return meant(to) && fails("rename") ? -1 : real(from, to);
}

int renameat(int base, const char *from, int other, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return meant(to) && fails("rename") ? -1 : real(base, from, other, to);
}
