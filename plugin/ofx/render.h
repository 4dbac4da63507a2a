/* Rendering a frame. */
#ifndef INTERNEG_RENDER_H
#define INTERNEG_RENDER_H

#include "instance.h"

/* Render one frame: the host's action Render, with what it is called with. A failure is shown to the user. */
OfxStatus render(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out);

#endif
