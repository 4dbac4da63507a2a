"""Texture of the film or the sensor; import the module that is needed.

noise       how noisy a picture is, as a function of its brightness
profile     the grain of a plate or a stock: response, spectrum, correlation
encoding    the codes that profiles are in, and the way from and to those of a picture
spectrum    radial spectra of blocks
residual    blocks of a plate that show grain without picture
response    grain's strength over the level
quiet       grain's shape, from the quietest blocks
measure     the grain of a plate, by all of these
kind        film grain or digital noise
likest      which built-in stock a plate is most like
profile_file  a profile as text
kernels     filters that give white noise the spectrum of grain
scale       grain as a scan of another resolution shows it
synthesis   grain made anew and laid on a picture
boolean     grain as discs on the sheets of an emulsion: the reference
expected    the same in closed form, and the profile of it
stocks      built-in profiles by class of stock
av1         a profile as AV1's film grain
av1_profile  AV1's film grain as a profile
av1_table   the text of film-grain tables
av1_filter  the filter that makes a spectrum, as AV1's film grain has it
av1_player  AV1's film grain as players add it
"""
