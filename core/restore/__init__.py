"""What holds a network's result to the picture it was made from; import the module that is needed.

trained     what a network sees of a picture, and where it saw the picture as it is
coding      the noise that a codec's rounding leaves, and what of it averages out over time
level       a correction without what it does to the mean of the picture
colour      a correction without what it takes of colour along with structure
plateaus    a result within what was given around each pixel, in R, G and B
lock        a result that, reduced, is the picture it was made from
"""
