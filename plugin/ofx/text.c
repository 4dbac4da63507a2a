#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform_number.h"
#include "utf8.h"

static void text_append(struct text *text, const char *bytes, size_t length)
{
    if (text->room - text->length <= length && !text->failed) {
        size_t room = 2 * (text->length + length) + 256;
        char *grown = realloc(text->bytes, room);
        text->failed = !grown;
        if (grown) {
            text->bytes = grown;
            text->room = room;
        }
    }
    if (text->failed)
        return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

void text_add(struct text *text, const char *words)
{
    text_append(text, words, strlen(words));
}

void text_quote(struct text *text, const char *words)
{
    static const char hex[] = "0123456789abcdef";
    const char *end = words + strlen(words);
    text_add(text, "\"");
    while (words < end) {
        unsigned char c = (unsigned char)*words;
        size_t length = utf8_length(words, end);
        if (c < 0x20) {
            char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            text_append(text, escape, sizeof escape);
        } else if (c == '"' || c == '\\') {
            char escape[] = {'\\', (char)c};
            text_append(text, escape, sizeof escape);
        } else {
            text_append(text, length ? words : "?", length ? length : 1);
        }
        words += length ? length : 1;
    }
    text_add(text, "\"");
}

void text_number(struct text *text, double number)
{
    char word[32] = "null";
    if (isfinite(number))
        platform_from_number(word, sizeof word, number);
    text_add(text, word);
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}
