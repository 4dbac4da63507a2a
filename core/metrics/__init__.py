"""Picture quality measures, pure functions on arrays; import the module that is needed.

golden      compare two results: NaN first, then max, then mean
fidelity    luma of the BT.601 protocol, PSNR-Y, SSIM-Y
flip        FLIP, the difference that an eye sees when it alternates between two pictures
temporal    flicker, global and by block; warping error along the motion
blocking    the grid that a block codec left
overshoot   overshoot beside step edges, and beyond a reference picture

Planes are (H, W), pictures (3, H, W) in the order R, G, B, float, in any memory order. Values that are not
finite make a result NaN unless the function says otherwise: replace them first where they are to be excluded.
"""
