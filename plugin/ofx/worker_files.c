#include "worker_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "platform_paths.h"
#include "settings.h"

bool worker_command(char room[COMMAND_ROOM], char *words[MOST_WORDS + 1], char *error)
{
    const char *given = getenv("INTERNEG_WORKER");
    size_t count = 0, used = 0, length;
    bool good = true;
    if (given && *given) {
        snprintf(room, COMMAND_ROOM, "%s", given);
        for (char *rest = room + strspn(room, " "); *rest && count < MOST_WORDS; rest += strspn(rest, " ")) {
            words[count++] = rest;
            rest += strcspn(rest, " ");
            if (*rest)
                *rest++ = 0;
        }
    } else {
        char *bytes = platform_resource("worker.json", COMMAND_ROOM, &length);
        const struct json *file = bytes ? json_read(bytes, length) : NULL, *all = json_get(file, "command");
        good = all && all->kind == JSON_ARRAY && all->count > 0 && all->count <= MOST_WORDS;
        for (const struct json *word = good ? all->first : NULL; word; word = word->next) {
            good = good && word->kind == JSON_STRING;
            words[count++] = room + used;
            used += (size_t)snprintf(room + used, COMMAND_ROOM - used, "%s", json_text(word, "")) + 1;
        }
        json_free(file);
        free(bytes);
    }
    words[count] = NULL;
    if (!good || count == 0)
        snprintf(error, ERROR_ROOM,
            "the bundle does not say how to start the worker: run `interneg install` again");
    else if (!platform_has_program(words[0]))
        snprintf(error, ERROR_ROOM, "the worker's program %.800s cannot be run: %s", words[0],
            given && *given ? "correct INTERNEG_WORKER" : "run `interneg install` again");
    else
        return true;
    return false;
}

bool worker_path(char path[PATH_ROOM], const char *ending, char *error)
{
    char folder[PATH_ROOM];
    const char *gpu;
    if (!platform_worker_folder(folder, sizeof folder, error) || !settings_gpu(&gpu, error))
        return false;
    int length = *gpu ? snprintf(path, PATH_ROOM, "%s/worker-gpu%s%s", folder, gpu, ending)
                      : snprintf(path, PATH_ROOM, "%s/worker%s", folder, ending);
    return length > 0 && length < PATH_ROOM;
}
