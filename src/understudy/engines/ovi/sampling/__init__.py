"""From a number of steps to times and noise levels (`schedule`), and from velocities to the next latent (`solvers`).

`schedule` costs nothing to import; `solvers` loads torch.
"""
