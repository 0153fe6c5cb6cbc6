/* SPDX-License-Identifier: ISC */
/*
 * base64.h - RFC 4648 base64 with padding and nothing else: no white space,
 * no missing padding, no stray bits behind the last byte. Pure; any thread.
 */
#ifndef WEIR_PG_BASE64_H
#define WEIR_PG_BASE64_H

#include "base/text.h"

/* Room for n bytes written as text (no NUL), and at least for a text of n
 * characters read. */
#define BASE64_TEXT(n)	(((n) + 2) / 3 * 4)
#define BASE64_BYTES(n)	((n) / 4 * 3)

/* Writes BASE64_TEXT(len) characters; returns how many. */
size_t	base64_write(const void *bytes, size_t len, char *to);
/* Writes at most BASE64_BYTES(t.len) bytes; *len is how many. False: t is no
 * base64. */
bool	base64_read(struct text t, void *to, size_t *len);

#endif
