/* Connections to the worker, over a Unix socket. */
#ifndef INTERNEG_PLATFORM_SOCKET_H
#define INTERNEG_PLATFORM_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

/* What platform_connect returns in place of a connection. */
enum {
    NO_LISTENER = -1, /* nobody listens at that path */
    REFUSED = -2      /* it must not, or cannot, be connected to */
};

/* Connect to the process of this user that listens at `path`. Returns the connection, 0 or more, and sets
 * `process` to the number of that process; else NO_LISTENER or REFUSED, with a message of at most ERROR_ROOM
 * bytes in `error`. The caller closes the connection with platform_disconnect. */
int platform_connect(const char *path, long *process, char *error);

/* Close a connection. */
void platform_disconnect(int connection);

/* Whether something has come that was not yet received; the end of the connection counts too. */
bool platform_has_input(int connection);

/* Send a part of `length` bytes; `count` descriptors, at most 128, travel with the first byte. Returns how
 * many bytes were sent; 0 where none could be for 20 ms; -1 where the other side closed the connection. */
ptrdiff_t platform_send(
    int connection, const void *bytes, size_t length, const int *descriptors, size_t count);

/* Receive at most `length` bytes. Returns how many came; 0 where none came for 20 ms; -1 where the other side
 * closed the connection. */
ptrdiff_t platform_receive(int connection, void *bytes, size_t length);

#endif
