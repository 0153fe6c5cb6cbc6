/* SPDX-License-Identifier: ISC */
/*
 * head.h - the head of a GET or HEAD, read strictly, for who answers with
 * status pages. Pure: no loop, no stream; any thread.
 */
#ifndef WEIR_NET_HEAD_H
#define WEIR_NET_HEAD_H

#include "base/text.h"

enum { HEAD_MOST = 16 * 1024 };		/* bytes of one */

/*
 * The path of a whole request head (without its query); 0: more is needed;
 * else the status to refuse it with.
 */
int	head_read(struct text head, struct text *path, bool *head_only);

#endif
