/* A connection to the worker. */
#ifndef INTERNEG_CONNECTION_H
#define INTERNEG_CONNECTION_H

struct connection {
    int socket;  /* as platform_connect returns it: negative where there is none */
    long worker; /* the number of the worker's process */
};

/* Seconds between two looks at what is waited for. */
static const double POLL_INTERVAL = 0.02;

#endif
