/* Doing what a button stands for. */
#ifndef INTERNEG_PRESS_H
#define INTERNEG_PRESS_H

#include "instance.h"

/* Let the worker do what a button stands for, set the knobs that it found, and show what it says: of the
 * frame shown, or of every frame of the clip, one after the other, with the host's progress. `in` is what the
 * host calls with. A failure is shown to the user. */
OfxStatus press_button(struct instance *instance, const struct knob *button, OfxPropertySetHandle in);

#endif
