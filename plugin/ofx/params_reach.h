/* Which frames a node looks at, and how much larger its result is: from nodes.json and the knobs. */
#ifndef INTERNEG_PARAMS_REACH_H
#define INTERNEG_PARAMS_REACH_H

#include "instance.h"

enum { CUT_FRAMES = 3 }; /* frames beyond either end of a window that cut detection looks at */

struct reach {
    int before, after; /* frames around the one that is rendered */
    int enlarges;      /* the result has so many times the width and the height of the source: 1, 2, 4 */
};

/* Set `reach`; without frames around, where the host has none to give. False where nodes.json tells nothing
 * of these values of the knobs. */
bool params_reach(const struct instance *instance, double time, struct reach *reach);

/* How many further frames are looked at before the first and after the last of these, to find cuts:
 * CUT_FRAMES, or 0 for a node that looks at one frame. */
int reach_margin(const struct reach *reach);

/* Set `number` to the frame that is looked at wherever it lies: of the frames that the node's knob lists, the
 * last that is not after `time`, else the first. False where none is listed, and in a host that gives no
 * other frames. */
bool params_anchor(const struct instance *instance, double time, int *number);

#endif
