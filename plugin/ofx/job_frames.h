/* The frames of the source that a job looks at. */
#ifndef INTERNEG_JOB_FRAMES_H
#define INTERNEG_JOB_FRAMES_H

#include "job.h"

/* Add the frame at the job's time, those around it that its reach and the search for cuts take, and the
 * anchor. The job's time, scale and reach are set; its format, source and channels are set here. Frames that
 * the host does not give are left out, except the one at the job's time. `range` is set to the clip's first
 * and last frame. False where the job failed or was aborted. */
bool add_frames(struct job *job, int range[2]);

#endif
