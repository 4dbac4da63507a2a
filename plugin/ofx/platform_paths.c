#define _GNU_SOURCE
#include "platform_paths.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The path of the bundle's folder Contents, in which this binary lies two folders down. */
static bool find_contents(char *folder)
{
    static const int here; /* any address of our own */
    Dl_info info;
    if (!dladdr(&here, &info) || !realpath(info.dli_fname, folder))
        return false;
    for (int up = 0; up < 2; up++) { /* Contents/ARCHITECTURE/Interneg.ofx */
        char *slash = strrchr(folder, '/');
        if (!slash)
            return false;
        *slash = 0;
    }
    return true;
}

char *platform_resource(const char *name, size_t most, size_t *length)
{
    char contents[PATH_MAX], path[PATH_MAX + PATH_ROOM];
    if (!find_contents(contents))
        return NULL;
    snprintf(path, sizeof path, "%s/Resources/%s", contents, name);
    FILE *file = fopen(path, "rbe");
    char *bytes = file ? malloc(most + 1) : NULL;
    if (bytes) {
        *length = fread(bytes, 1, most + 1, file);
        if (*length > most || ferror(file)) {
            free(bytes);
            bytes = NULL;
        } else {
            bytes[*length] = 0;
        }
    }
    if (file)
        fclose(file);
    return bytes;
}

const char *platform_absolute(const char *path, char room[PATH_ROOM])
{
    char here[PATH_ROOM];
    if (*path == '/' || !getcwd(here, sizeof here))
        return path;
    int length = snprintf(room, PATH_ROOM, "%s/%s", here, path);
    return length > 0 && length < PATH_ROOM ? room : path;
}

bool platform_worker_folder(char *folder, size_t room, char *error)
{
    const char *own = getenv("INTERNEG_WORKER_DIR"), *session = getenv("XDG_RUNTIME_DIR");
    int length;
    if (own && *own)
        length = snprintf(folder, room, "%s", own);
    else if (session && *session)
        length = snprintf(folder, room, "%s/interneg", session);
    else
        length = snprintf(folder, room, "/tmp/interneg-%lu", (unsigned long)getuid());
    if (length < 0 || (size_t)length >= room ||
        (size_t)length > sizeof((struct sockaddr_un *)0)->sun_path - 24) {
        snprintf(error, ERROR_ROOM,
            "the path of the worker's folder is too long for a socket: set INTERNEG_WORKER_DIR");
        return false;
    }
    if (*folder != '/') {
        snprintf(error, ERROR_ROOM, "the worker's folder %s is no absolute path: correct INTERNEG_WORKER_DIR",
            folder);
        return false;
    }
    struct stat found;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        snprintf(error, ERROR_ROOM, "cannot make the worker's folder %s: %s", folder, strerror(errno));
        return false;
    }
    if (lstat(folder, &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != geteuid() ||
        found.st_mode & 077) {
        snprintf(error, ERROR_ROOM, "the worker's folder %s is not a folder of this user alone (mode 0700)",
            folder);
        return false;
    }
    return true;
}
