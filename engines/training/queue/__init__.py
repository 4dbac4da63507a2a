"""The queue of training runs: what is next, the process that takes it, and the commands that steer it."""
