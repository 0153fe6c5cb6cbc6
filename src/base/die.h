/* SPDX-License-Identifier: ISC */
/*
 * die.h - our own bugs end here, with file and line. What a peer, a file or
 * the kernel can cause never comes here: that is returned with a struct why.
 * Any thread.
 */
#ifndef WEIR_BASE_DIE_H
#define WEIR_BASE_DIE_H

#define NEED(cond)						\
	do {							\
		if (__builtin_expect(!(cond), 0))		\
			die_need(#cond, __FILE__, __LINE__);	\
	} while (0)

_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_need(const char *cond, const char *file, int line);

/* Called with the text before the process ends; set by the log. */
void die_set_teller(void (*tell)(const char *));

#endif
