"""From an audio latent to sound: the mel autoencoder of MMAudio, then the vocoder BigVGAN.

`tensors` costs nothing to import; everything else loads torch.
"""
