"""Movement between the frames of a shot; import the module that is needed.

flow        dense motion from one frame to another, and where it is to be trusted
similarity  a shift, a rotation and a scale, and the points of a picture that they move
weave       the rigid motion that most of a picture agrees on, from frame to frame
path        the smooth path through the places of a window's frames
warp        how film buckles from frame to frame, beyond what is rigid
align       a frame averaged with its neighbours along the motion
resample    a picture as seen from other places
edges       what stands where a moved picture ends
solution    what is done to one frame of an unsteady shot, and doing it
path_file   what was measured and what is done about it, as a file that people can read and edit
"""
