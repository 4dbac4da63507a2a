/* What the host finds in the binary: one OpenFX plugin for each node, each with an entry of its own, as the
 * interface does not tell an entry which plugin it is called for.
 *
 * The way from here: actions.c answers the host's actions; describe and params_* turn nodes.json (nodes.c)
 * into parameters and read them back. render.c renders: job_* put a request together, its pictures lie in
 * pool, client sends it. The worker is reached by connect, started by worker_start, and spoken to by
 * exchange. platform_* hold all that differs between operating systems. */
#include <stdatomic.h>
#include <string.h>

#include "actions.h"
#include "client.h"
#include "host.h"
#include "nodes.h"
#include "platform_process.h"
#include "pool.h"
#include "space_names.h"

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

EXPORT int OfxGetNumberOfPlugins(void);
EXPORT OfxPlugin *OfxGetPlugin(int nth);
EXPORT OfxStatus OfxSetHost(const OfxHost *from);

static atomic_int loaded;
static atomic_long owner; /* the process that connections and pictures belong to */

static OfxStatus run(
    size_t nth, const char *action, const void *handle, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    const struct node *node = nodes_get(nth);
    OfxStatus status = kOfxStatOK;
    if (!node || !action)
        return kOfxStatFailed;
    if (atomic_exchange(&owner, platform_process()) != platform_process()) {
        client_close_idle(); /* a host that forked: what there is stays the parent's */
        pool_empty();
    }
    if (strcmp(action, kOfxActionLoad) == 0) {
        status = host_load();
        loaded += status == kOfxStatOK;
    } else if (strcmp(action, kOfxActionUnload) == 0) {
        if (--loaded == 0) {
            client_close_idle();
            pool_empty();
        }
    } else {
        status = do_action(node, action, (OfxImageEffectHandle)(uintptr_t)handle, in, out);
    }
    return status;
}

#define ENTRY(n) \
    static OfxStatus entry_##n( \
        const char *action, const void *handle, OfxPropertySetHandle in, OfxPropertySetHandle out) \
    { \
        return run(n, action, handle, in, out); \
    }

ENTRY(0)
ENTRY(1)
ENTRY(2)
ENTRY(3)
ENTRY(4)
ENTRY(5)
ENTRY(6)
ENTRY(7)
ENTRY(8)
ENTRY(9)
ENTRY(10)
ENTRY(11)
ENTRY(12)
ENTRY(13)
ENTRY(14)
ENTRY(15)

static OfxPluginEntryPoint *const entries[MOST_NODES] = {entry_0, entry_1, entry_2, entry_3, entry_4, entry_5,
    entry_6, entry_7, entry_8, entry_9, entry_10, entry_11, entry_12, entry_13, entry_14, entry_15};

static OfxPlugin plugins[MOST_NODES];

int OfxGetNumberOfPlugins(void)
{
    return (int)nodes_count();
}

OfxPlugin *OfxGetPlugin(int nth)
{
    const struct node *node = nth < 0 ? NULL : nodes_get((size_t)nth);
    if (!node)
        return NULL;
    plugins[nth] = (OfxPlugin){kOfxImageEffectPluginApi, 1, node->identifier, node->version[0],
        node->version[1], host_set, entries[nth]};
    return &plugins[nth];
}

/* Called before the others by some hosts, with the host that each plugin's setHost gives too. */
OfxStatus OfxSetHost(const OfxHost *from)
{
    host_set((OfxHost *)(uintptr_t)from);
    return kOfxStatOK;
}

#if defined(__GNUC__)
__attribute__((destructor)) static void unload(void)
{
    client_close_idle();
    pool_empty();
    space_names_free();
    nodes_free();
}
#endif
