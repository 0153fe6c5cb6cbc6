/* SPDX-License-Identifier: ISC */
/* queue.h - the system's lists and the safe walk that glibc leaves out. */
#ifndef WEIR_COMPAT_SYS_QUEUE_H
#define WEIR_COMPAT_SYS_QUEUE_H

#include_next <sys/queue.h>

#ifndef TAILQ_FOREACH_SAFE
/* 'next' is read before the body runs, so that the body may remove 'var'. */
#define TAILQ_FOREACH_SAFE(var, head, field, next)			\
	for ((var) = TAILQ_FIRST(head);					\
	    (var) != NULL && ((next) = TAILQ_NEXT(var, field), 1);	\
	    (var) = (next))
#endif

#endif
