#include "json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"

enum { DEEPEST = 32, LONGEST_NUMBER = 64 };

struct reader {
    const char *at, *end;
    struct json *values; /* the next that is free */
    char *texts;
};

/* The length of the UTF-8 sequence at `at`, 0 where there is none. */
static size_t utf8(const char *at, const char *end)
{
    const unsigned char *byte = (const unsigned char *)at;
    if (byte[0] < 0x80)
        return 1;
    size_t length = byte[0] < 0xC2 ? 0 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : byte[0] < 0xF5 ? 4 : 0;
    if (length == 0 || (size_t)(end - at) < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
    if ((byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xED && byte[1] > 0x9F) ||
        (byte[0] == 0xF0 && byte[1] < 0x90) || (byte[0] == 0xF4 && byte[1] > 0x8F))
        return 0; /* overlong, half of a surrogate pair, or beyond Unicode */
    return length;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

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
    reader->texts = put_utf8(reader->texts, code);
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
        size_t length = (unsigned char)*reader->at < 0x20 ? 0 : utf8(reader->at, reader->end);
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
        size_t length = utf8(words, end);
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
