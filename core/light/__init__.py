"""Brightness from frame to frame, in logarithms of light; import the module that is needed.

flicker     how brightness changes between two frames, apart from what moves
waves       fields that vary slowly over a picture
bands       rows that are brighter or darker than their neighbours
explanations  ways to explain a series that flickers, each with how likely it is
trend       what a series that flickers was meant to be, events left out and fades followed
steady      what brings a frame to the level of the frames around it
gain        a frame's light times what steadies it
whole_light     what of a series over a whole shot is flicker
parts           which frames of a shot share one light
shot_light      what brings each frame to the light of its whole shot
measured_light  the same for all planes and shots: what `interneg analyse` makes of Deflicker
exposure_file   its file
exposure_arrays what stands beside that
"""
