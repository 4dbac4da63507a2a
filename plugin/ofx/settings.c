#include "settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform_memory.h"
#include "platform_number.h"
#include "sizes.h"

static double number_of(const char *variable, double otherwise)
{
    const char *word = getenv(variable);
    return word && *word ? platform_to_number(word) : otherwise;
}

static double seconds_of(const char *variable, double otherwise)
{
    double seconds = number_of(variable, 0);
    return seconds > 0 ? seconds : otherwise;
}

double settings_answer_timeout(void)
{
    return seconds_of("INTERNEG_TIMEOUT", 20);
}

double settings_start_timeout(void)
{
    return seconds_of("INTERNEG_START_TIMEOUT", 60);
}

uint64_t settings_pool_bytes(void)
{
    double megabytes = number_of("INTERNEG_POOL_MB", -1);
    return megabytes >= 0 ? (uint64_t)(fmin(megabytes, 1e9) * 1048576) : platform_memory() / 4;
}

bool settings_gpu(const char **gpu, char *error)
{
    const char *word = getenv("INTERNEG_GPU");
    *gpu = word ? word : "";
    if (strlen(*gpu) <= 3 && strspn(*gpu, "0123456789") == strlen(*gpu))
        return true;
    snprintf(error, ERROR_ROOM, "INTERNEG_GPU is '%.40s': expected the number of a GPU, 0 to 999", *gpu);
    return false;
}
