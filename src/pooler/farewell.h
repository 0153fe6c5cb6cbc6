/* SPDX-License-Identifier: ISC */
/*
 * farewell.h - the end where there are several loops: each closes what lives
 * on it, what is on its way is waited for, and then nothing is left that the
 * end of a thread could lose. Loop 0.
 */
#ifndef WEIR_POOLER_FAREWELL_H
#define WEIR_POOLER_FAREWELL_H

/* over(code) follows, with one loop at once. A second call changes nothing. */
void	pl_farewell_begin(int code, void (*over)(int code));
void	pl_farewell_stop(void);

#endif
