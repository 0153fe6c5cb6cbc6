/* SPDX-License-Identifier: ISC */
/* close.c - the ends a stream can have by itself. Any thread. */
#include "net/close.h"

const struct close_reason close_eof = { "eof", "unexpected eof" };
const struct close_reason close_reset = { "reset", "connection reset" };
const struct close_reason close_connect_failed = { "connect_failed",
	"connect failed" };
const struct close_reason close_connect_timeout = { "connect_timeout",
	"connect timeout" };
const struct close_reason close_tls = { "tls", "TLS error" };
const struct close_reason close_memory = { "memory", "out of memory" };
