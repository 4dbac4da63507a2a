#define _GNU_SOURCE
#include "platform_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sizes.h"

extern char **environ;

long platform_process(void)
{
    return getpid();
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

/* Run a shell that starts the worker and ends: the worker is nobody's child, so no zombie of it is left in
 * the host. */
static void run_shell(char *const *words, char *const *environment, int nothing, int answer)
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
        run_shell(words, environment, nothing, answer);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return child;
}

static char **worker_environment(void)
{
    static const char *const left_out[] = {"LD_LIBRARY_PATH=", "LD_PRELOAD=", "PYTHONHOME=", "PYTHONPATH="};
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **environment = malloc((count + 1) * sizeof *environment);
    for (size_t i = 0; environment && i < count; i++) {
        bool keep = true;
        for (size_t k = 0; k < sizeof left_out / sizeof *left_out; k++)
            keep = keep && strncmp(environ[i], left_out[k], strlen(left_out[k])) != 0;
        if (keep)
            environment[kept++] = environ[i];
    }
    if (environment)
        environment[kept] = NULL;
    return environment;
}

/* Move a descriptor above the three standard ones, which the host may have closed. */
static int move_up(int low)
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
    int nothing = move_up(open("/dev/null", O_RDWR | O_CLOEXEC));
    pid_t child = -1;
    if (environment && nothing >= 0 && pipe2(answer, O_CLOEXEC) == 0) {
        answer[1] = move_up(answer[1]);
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

bool platform_is_alive(long process)
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
