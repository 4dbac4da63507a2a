#include "json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "platform_number.h"
#include "utf8.h"

enum { DEEPEST = 32, LONGEST_NUMBER = 64 };

struct reader {
    const char *at, *end;
    struct json *values; /* the next that is free */
    char *texts;
};

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at)
        reader->at++;
}

static bool take(struct reader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool read_hex(struct reader *reader, uint32_t *code)
{
    if (reader->end - reader->at < 4)
        return false;
    *code = 0;
    for (int i = 0; i < 4; i++) {
        char c = *reader->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        *code = *code << 4 | digit;
    }
    return true;
}

static bool read_escape(struct reader *reader)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end)
        return false;
    char letter = *reader->at++;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (found) {
        *reader->texts++ = meant[found - letters];
        return true;
    }
    uint32_t code, low;
    if (letter != 'u' || !read_hex(reader, &code) || code == 0)
        return false;
    if (code >= 0xD800 && code < 0xDC00) {
        if (!take(reader, "\\u") || !read_hex(reader, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return false;
    }
    reader->texts = utf8_write(reader->texts, code);
    return true;
}

static const char *read_text(struct reader *reader)
{
    if (!take(reader, "\""))
        return NULL;
    const char *start = reader->texts;
    while (reader->at < reader->end) {
        if (take(reader, "\"")) {
            *reader->texts++ = 0;
            return start;
        }
        if (take(reader, "\\")) {
            if (!read_escape(reader))
                return NULL;
            continue;
        }
        size_t length = (unsigned char)*reader->at < 0x20 ? 0 : utf8_length(reader->at, reader->end);
        if (length == 0)
            return NULL;
        memcpy(reader->texts, reader->at, length);
        reader->texts += length;
        reader->at += length;
    }
    return NULL;
}

static const char *digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool read_number(struct reader *reader, double *number)
{
    char word[LONGEST_NUMBER + 1];
    size_t length = 0;
    while (reader->at < reader->end && length < LONGEST_NUMBER && *reader->at &&
           strchr("+-.0123456789eE", *reader->at))
        word[length++] = *reader->at++;
    word[length] = 0;

    const char *at = word + (word[0] == '-'), *whole = at;
    at = digits(at);
    if (at == whole || (whole[0] == '0' && at > whole + 1))
        return false;
    if (*at == '.') {
        const char *fraction = ++at;
        at = digits(at);
        if (at == fraction)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        const char *exponent = at;
        at = digits(at);
        if (at == exponent)
            return false;
    }
    *number = platform_to_number(word);
    return *at == 0 && isfinite(*number);
}

static bool read_value(struct reader *reader, struct json *value, int depth);

static bool read_elements(struct reader *reader, struct json *value, int depth)
{
    const char *close = value->kind == JSON_ARRAY ? "]" : "}";
    const struct json **last = &value->first;
    skip_space(reader);
    if (take(reader, close))
        return true;
    do {
        struct json *element = reader->values++;
        skip_space(reader);
        const char *name = NULL;
        if (value->kind == JSON_OBJECT) {
            name = read_text(reader);
            skip_space(reader);
            if (!name || !take(reader, ":"))
                return false;
        }
        if (!read_value(reader, element, depth + 1))
            return false;
        element->name = name;
        *last = element;
        last = &element->next;
        value->count++;
        skip_space(reader);
    } while (take(reader, ","));
    return take(reader, close);
}

static bool read_value(struct reader *reader, struct json *value, int depth)
{
    if (depth > DEEPEST)
        return false;
    skip_space(reader);
    if (take(reader, "{")) {
        value->kind = JSON_OBJECT;
        return read_elements(reader, value, depth);
    }
    if (take(reader, "[")) {
        value->kind = JSON_ARRAY;
        return read_elements(reader, value, depth);
    }
    if (reader->at < reader->end && *reader->at == '"') {
        value->kind = JSON_STRING;
        value->text = read_text(reader);
        return value->text;
    }
    if (take(reader, "null")) {
        value->kind = JSON_NULL;
        return true;
    }
    if (take(reader, "true")) {
        value->kind = JSON_TRUE;
        return true;
    }
    if (take(reader, "false")) {
        value->kind = JSON_FALSE;
        return true;
    }
    value->kind = JSON_NUMBER;
    return read_number(reader, &value->number);
}

const struct json *json_read(const char *text, size_t length)
{
    /* Every value but the first stands after one of these, and no text grows by being read. */
    size_t most = 1;
    for (size_t i = 0; i < length; i++)
        most += text[i] == ',' || text[i] == '[' || text[i] == '{';
    struct json *root = calloc(1, most * sizeof *root + length + 1);
    if (!root)
        return NULL;
    struct reader reader = {text, text + length, root + 1, (char *)(root + most)};
    bool good = read_value(&reader, root, 0);
    skip_space(&reader);
    if (good && reader.at == reader.end)
        return root;
    free(root);
    return NULL;
}

void json_free(const struct json *root)
{
    free((void *)(uintptr_t)root);
}

const struct json *json_get(const struct json *object, const char *name)
{
    for (const struct json *member = object ? object->first : NULL; member; member = member->next)
        if (member->name && strcmp(member->name, name) == 0)
            return member;
    return NULL;
}

const char *json_text(const struct json *value, const char *otherwise)
{
    return value && value->kind == JSON_STRING ? value->text : otherwise;
}

double json_number(const struct json *value, double otherwise)
{
    return value && value->kind == JSON_NUMBER ? value->number : otherwise;
}

bool json_true(const struct json *value)
{
    return value && value->kind == JSON_TRUE;
}
