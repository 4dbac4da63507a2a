/* Asking the worker: the connections that are open to it, and what happens where it ends meanwhile. */
#ifndef INTERNEG_CLIENT_H
#define INTERNEG_CLIENT_H

#include "request.h"

/* Send a request and wait for its answer. The worker is started where there is none, and asked once more
 * where it ends in the middle. Sets all of `reply`, as request.h says for each outcome. Any number of threads
 * may ask at once. */
enum outcome client_ask(const struct request *request, struct reply *reply);

/* Close the connections that no request uses. */
void client_close_idle(void);

#endif
