# SPDX-License-Identifier: ISC
# What the system tests stand on: a private PostgreSQL, poolers in their own
# directories, the wire protocol spoken by hand, a server that plays a script.
