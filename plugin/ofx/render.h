/* Rendering a frame, and doing what a button stands for. */
#ifndef INTERNEG_RENDER_H
#define INTERNEG_RENDER_H

#include "instance.h"

/* Render one frame: the host's action Render, with what it is called with. A failure is shown to the user. */
OfxStatus render(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out);

/* Let the worker do what the button of that name stands for, set the knobs that it found, and show what it
 * says. `in` is what the host calls with. A failure is shown to the user. */
OfxStatus press_button(struct instance *instance, const char *button, OfxPropertySetHandle in);

#endif
