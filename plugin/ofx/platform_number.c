#define _GNU_SOURCE
#include "platform_number.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t use_c_locale(locale_t *plain)
{
    *plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    return uselocale(*plain);
}

static void restore_locale(locale_t former, locale_t plain)
{
    uselocale(former);
    if (plain)
        freelocale(plain);
}

double platform_to_number(const char *word)
{
    locale_t plain, former = use_c_locale(&plain);
    double number = strtod(word, NULL);
    restore_locale(former, plain);
    return number;
}

void platform_from_number(char *word, size_t room, double number)
{
    locale_t plain, former = use_c_locale(&plain);
    snprintf(word, room, "%.17g", number);
    restore_locale(former, plain);
}
