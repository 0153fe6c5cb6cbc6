/* SPDX-License-Identifier: ISC */
/* compat.h - what some libc lacks: declarations only, one function a file. */
#ifndef WEIR_COMPAT_H
#define WEIR_COMPAT_H

#include <stddef.h>

#ifndef HAVE_STRLCPY
size_t	strlcpy(char *, const char *, size_t);
#endif
#ifndef HAVE_STRTONUM
long long strtonum(const char *, long long, long long, const char **);
#endif
#ifndef HAVE_EXPLICIT_BZERO
void	explicit_bzero(void *, size_t);
#endif

#endif
