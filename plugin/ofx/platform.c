#define _GNU_SOURCE
#include "platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 128, PATIENCE_MS = 20 };

extern char **environ;

static pthread_mutex_t locks[LOCKS] = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

void platform_lock(enum platform_lock lock)
{
    pthread_mutex_lock(&locks[lock]);
}

bool platform_try_lock(enum platform_lock lock)
{
    return pthread_mutex_trylock(&locks[lock]) == 0;
}

void platform_unlock(enum platform_lock lock)
{
    pthread_mutex_unlock(&locks[lock]);
}

double platform_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void platform_sleep(double seconds)
{
    struct timespec span = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&span, NULL);
}

long platform_process(void)
{
    return getpid();
}

uint64_t platform_memory(void)
{
    return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static locale_t enter_c(locale_t *plain)
{
    *plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    return uselocale(*plain);
}

static void leave_c(locale_t former, locale_t plain)
{
    uselocale(former);
    if (plain)
        freelocale(plain);
}

double platform_to_number(const char *word)
{
    locale_t plain, former = enter_c(&plain);
    double number = strtod(word, NULL);
    leave_c(former, plain);
    return number;
}

void platform_from_number(char *word, size_t room, double number)
{
    locale_t plain, former = enter_c(&plain);
    snprintf(word, room, "%.17g", number);
    leave_c(former, plain);
}

static bool resources(char *folder)
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
    if (!resources(contents))
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

const char *platform_absolute(const char *path, char room[PATH_ROOM])
{
    char here[PATH_ROOM];
    if (*path == '/' || !getcwd(here, sizeof here))
        return path;
    int length = snprintf(room, PATH_ROOM, "%s/%s", here, path);
    return length > 0 && length < PATH_ROOM ? room : path;
}

bool platform_runtime(char *folder, size_t room, char *error)
{
    const char *own = getenv("INTERNEG_RUNTIME"), *session = getenv("XDG_RUNTIME_DIR");
    int length;
    if (own && *own)
        length = snprintf(folder, room, "%s", own);
    else if (session && *session)
        length = snprintf(folder, room, "%s/interneg", session);
    else
        length = snprintf(folder, room, "/tmp/interneg-%lu", (unsigned long)getuid());
    if (length < 0 || (size_t)length >= room || (size_t)length > sizeof((struct sockaddr_un *)0)->sun_path - 24) {
        snprintf(error, ERROR_ROOM, "the runtime folder's name is too long for a socket: set INTERNEG_RUNTIME");
        return false;
    }
    if (*folder != '/') {
        snprintf(error, ERROR_ROOM, "the runtime folder %s is no absolute path: correct INTERNEG_RUNTIME", folder);
        return false;
    }
    struct stat found;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        snprintf(error, ERROR_ROOM, "cannot make the runtime folder %s: %s", folder, strerror(errno));
        return false;
    }
    if (lstat(folder, &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != geteuid() || found.st_mode & 077) {
        snprintf(error, ERROR_ROOM, "the runtime folder %s is not a folder of this user alone (mode 0700)", folder);
        return false;
    }
    return true;
}

int platform_connect(const char *path, long *process, char *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (strlen(path) >= sizeof address.sun_path)
        return NOBODY;
    strcpy(address.sun_path, path);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0) {
        snprintf(error, ERROR_ROOM, "cannot make a socket: %s", strerror(errno));
        return REFUSED;
    }
    int result = connection;
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        result = errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN || errno == EINTR ? NOBODY : REFUSED;
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

bool platform_waiting(int connection)
{
    return ready(connection, POLLIN, 0);
}

void platform_hang_up(int connection)
{
    close(connection);
}

ptrdiff_t platform_send(int connection, const void *bytes, size_t length, const int *descriptors, size_t count)
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
    ready(connection, POLLOUT, PATIENCE_MS);
    return 0;
}

ptrdiff_t platform_receive(int connection, void *bytes, size_t length)
{
    if (!ready(connection, POLLIN, PATIENCE_MS))
        return 0;
    ssize_t received = recv(connection, bytes, length, 0);
    if (received > 0)
        return received;
    return received < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* What lies between vfork and exec may call nothing but the system, as it shares the host's memory. */

static void close_others(void)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0)
        return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int i = 3; i < (most > 0 && most < 1 << 20 ? (int)most : 1 << 20); i++)
        close(i);
}

/* Become a shell that starts the worker and ends: the worker is nobody's child, so no zombie of it is left in the
 * host. */
static void become(char *const *words, char *const *environment, int nothing, int answer)
{
    sigset_t none;
    setsid();
    if (chdir("/") != 0) /* the host's folder may be one that is to be unmounted */
        _exit(127);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(nothing, 0);
    dup2(answer, 1);
    dup2(nothing, 2);
    close_others();
    execve("/bin/sh", words, environment);
    _exit(127);
}

/* vfork, as fork would copy the page tables of a host with a hundred gigabytes. */
static pid_t spawn(char *const *words, char *const *environment, int nothing, int answer)
{
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former); /* no handler of the host may run in the child */
    pid_t child = vfork();
    if (child == 0)
        become(words, environment, nothing, answer);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return child;
}

static char **worker_environment(void)
{
    static const char *const hosts_own[] = {"LD_LIBRARY_PATH=", "LD_PRELOAD=", "PYTHONHOME=", "PYTHONPATH="};
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **environment = malloc((count + 1) * sizeof *environment);
    for (size_t i = 0; environment && i < count; i++) {
        bool keep = true;
        for (size_t k = 0; k < sizeof hosts_own / sizeof *hosts_own; k++)
            keep = keep && strncmp(environ[i], hosts_own[k], strlen(hosts_own[k])) != 0;
        if (keep)
            environment[kept++] = environ[i];
    }
    if (environment)
        environment[kept] = NULL;
    return environment;
}

/* A descriptor above the three standard ones, which the host may have closed. */
static int lift(int low)
{
    int high = low < 0 ? low : fcntl(low, F_DUPFD_CLOEXEC, 3);
    if (low >= 0)
        close(low);
    return high;
}

static long read_process(int answer)
{
    char word[32] = "";
    size_t length = 0;
    ssize_t got = 1;
    while (length < sizeof word - 1 && got != 0 && !strchr(word, '\n')) {
        got = read(answer, word + length, sizeof word - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        if (got < 0 && errno != EINTR)
            break;
    }
    return strtol(word, NULL, 10);
}

bool platform_has_program(const char *name)
{
    return !strchr(name, '/') || access(name, X_OK) == 0;
}

long platform_start(char *const *command, const char *log, long *group, char *error)
{
    static char shell[] = "sh", option[] = "-c", script[] = "\"$@\" </dev/null >>\"$0\" 2>&1 & echo $!";
    char *words[MOST_WORDS + 5] = {shell, option, script, (char *)(uintptr_t)log};
    int answer[2] = {-1, -1};
    for (size_t i = 0; i < MOST_WORDS && command[i]; i++)
        words[4 + i] = command[i];
    char **environment = worker_environment();
    int nothing = lift(open("/dev/null", O_RDWR | O_CLOEXEC));
    pid_t child = -1;
    if (environment && nothing >= 0 && pipe2(answer, O_CLOEXEC) == 0) {
        answer[1] = lift(answer[1]);
        child = spawn(words, environment, nothing, answer[1]);
    }
    *group = child;
    int trouble = child < 0 ? errno : ECANCELED;
    close(nothing);
    close(answer[1]);
    long process = child < 0 ? 0 : read_process(answer[0]);
    close(answer[0]);
    free(environment);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    if (process <= 0)
        snprintf(error, ERROR_ROOM, "cannot start the worker %s: %s", command[0], strerror(trouble));
    return process > 0 ? process : 0;
}

bool platform_lives(long process)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    const char *state = strrchr(line, ')'); /* after the command's name, which may hold anything */
    return state && state[1] == ' ' && state[2] != 'Z' && state[2] != 'X';
}

void platform_kill(long process)
{
    if (process > 1 && process != getpid())
        kill((pid_t)process, SIGKILL);
}

void platform_kill_group(long group)
{
    if (group > 1 && group != getpgrp())
        kill((pid_t)-group, SIGKILL);
}
