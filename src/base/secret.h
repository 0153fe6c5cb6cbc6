/* SPDX-License-Identifier: ISC */
/*
 * secret.h - keys and passwords apart from other memory: locked where the
 * system lets us, left out of core files, wiped when freed. Any thread.
 */
#ifndef WEIR_BASE_SECRET_H
#define WEIR_BASE_SECRET_H

#include "base/text.h"

void	*secret_get(size_t) __attribute__((warn_unused_result));	/* zeroed */
char	*secret_copy(struct text) __attribute__((warn_unused_result));	/* + NUL */
void	secret_drop(void *);			/* wiped first; NULL is fine */
size_t	secret_lent(void);			/* how many are held: for tests */
void	secret_wipe(void *, size_t);
/* Same bytes, in a time that does not tell where they differ. */
bool	secret_same(const void *, const void *, size_t);

#endif
