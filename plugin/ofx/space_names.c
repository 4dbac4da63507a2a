#include "space_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "nodes.h"
#include "platform_clock.h"
#include "platform_locks.h"
#include "platform_paths.h"

enum { MOST_CONFIGS = 8 };

static const double PATIENCE = 20; /* seconds that a host waits for a menu, at most */

/* The configurations that were asked about; `answer` is NULL where the worker did not say. */
static struct told {
    char config[PATH_ROOM];
    const struct json *answer;
} told[MOST_CONFIGS];
static size_t told_count; /* LOCK_SPACES guards both */

const char *space_config(char room[PATH_ROOM])
{
    const char *config = getenv("OCIO");
    while (config && strncmp(config, "ocio://ocio://", 14) == 0) /* MLT doubles it */
        config += 7;
    if (!config || !*config)
        return "";
    return strncmp(config, "ocio://", 7) == 0 ? config : platform_absolute(config, room);
}

static bool is_late(void *until)
{
    return platform_seconds() > *(double *)until;
}

static const struct json *ask_worker(const char *config)
{
    struct text body = {0};
    struct reply reply;
    double until = platform_seconds() + PATIENCE;
    text_add(&body, "{\"config\": ");
    text_quote(&body, config);
    text_add(&body, "}");
    struct request request = {MESSAGE_SPACES, &body, NULL, 0, is_late, &until};
    enum outcome outcome = client_ask(&request, &reply);
    text_free(&body);
    return outcome == OUTCOME_DONE ? reply.answer : NULL;
}

static const struct json *names_of_worker(const char *config)
{
    size_t i = 0;
    platform_lock(LOCK_SPACES);
    while (i < told_count && strcmp(told[i].config, config) != 0)
        i++;
    if (i == told_count && i < MOST_CONFIGS) {
        snprintf(told[i].config, PATH_ROOM, "%s", config);
        told[i].answer = ask_worker(config);
        told_count++;
    }
    const struct json *answer = i < told_count ? told[i].answer : NULL;
    platform_unlock(LOCK_SPACES);
    return json_get(answer, "spaces");
}

const struct json *space_names(const char *config, bool ask)
{
    if (!nodes_spaces())
        return NULL;
    const struct json *names = nodes_spaces();
    if (strcmp(config, nodes_spaces_config()) != 0)
        names = ask ? names_of_worker(config) : NULL;
    return names && names->kind == JSON_ARRAY ? names : NULL;
}

void space_names_free(void)
{
    while (told_count > 0)
        json_free(told[--told_count].answer);
}
