/* How long the texts are that functions write into their callers' arrays, each with its final zero. */
#ifndef INTERNEG_SIZES_H
#define INTERNEG_SIZES_H

enum {
    PATH_ROOM = 4096,  /* bytes of a file's path */
    ERROR_ROOM = 1024, /* bytes of a message for the user */
    NAME_ROOM = 128    /* bytes of the name of a property, a parameter or the host */
};

#endif
