"""Contacts and relays of the yard: what they mean, whatever they are wired to.

``points`` says what a back end offers, ``gpiod_lines``, ``rpi_lines`` and ``modbus_points`` offer
it, and ``presence``, ``gate`` and ``lamps`` make ports of it.
"""
