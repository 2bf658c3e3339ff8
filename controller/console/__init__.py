"""The maintenance console: a process of its own beside the lane, and the lane's side of it.

``port`` is opened by the lane; all else runs in the console, which may crash or hang without the
scan noticing.  Between them go the messages of ``messages``, over a Unix socket in the lane's
folder that belongs to the controller's user alone: whoever can open it is believed to have checked
the person, which the console does (``accounts``, ``roles``).
"""
