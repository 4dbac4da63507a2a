#define _GNU_SOURCE
#include "platform_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sizes.h"

enum { MOST_DESCRIPTORS = 128, PAUSE_MS = 20 };

int platform_connect(const char *path, long *process, char *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (strlen(path) >= sizeof address.sun_path)
        return NO_LISTENER;
    strcpy(address.sun_path, path);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0) {
        snprintf(error, ERROR_ROOM, "cannot make a socket: %s", strerror(errno));
        return REFUSED;
    }
    int result = connection;
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        result = errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN || errno == EINTR ? NO_LISTENER
                                                                                               : REFUSED;
        snprintf(error, ERROR_ROOM, "cannot connect to %s: %s", path, strerror(errno));
    } else if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
        result = REFUSED;
        snprintf(error, ERROR_ROOM, "the worker at %s belongs to another user", path);
    } else {
        *process = peer.pid;
    }
    if (result < 0)
        close(connection);
    return result;
}

static bool ready(int connection, short events, int milliseconds)
{
    struct pollfd wanted = {connection, events, 0};
    return poll(&wanted, 1, milliseconds) == 1;
}

bool platform_has_input(int connection)
{
    return ready(connection, POLLIN, 0);
}

void platform_disconnect(int connection)
{
    close(connection);
}

ptrdiff_t platform_send(
    int connection, const void *bytes, size_t length, const int *descriptors, size_t count)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    ssize_t sent = sendmsg(connection, &message, MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    if (errno != EAGAIN && errno != EINTR)
        return -1;
    ready(connection, POLLOUT, PAUSE_MS);
    return 0;
}

ptrdiff_t platform_receive(int connection, void *bytes, size_t length)
{
    if (!ready(connection, POLLIN, PAUSE_MS))
        return 0;
    ssize_t received = recv(connection, bytes, length, 0);
    if (received > 0)
        return received;
    return received < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}
