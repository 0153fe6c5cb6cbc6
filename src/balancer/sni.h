/* SPDX-License-Identifier: ISC */
/*
 * sni.h - which of several certificates is shown to whom: by the exact name,
 * then by *.rest of it, then the usual one. Made at start, immutable from
 * then on; any thread asks.
 */
#ifndef WEIR_BALANCER_SNI_H
#define WEIR_BALANCER_SNI_H

#include <stdbool.h>

#include "base/text.h"

struct lb_sni;

struct lb_sni *lb_sni_new(bool strict);		/* NULL: no memory */
void	lb_sni_free(struct lb_sni **);
/*
 * One more certificate, known by its number (0, 1, ...); then the names it
 * is for: "a.b", "*.b", "!c.b" (not that one). -1: no memory.
 */
int	lb_sni_add(struct lb_sni *, unsigned number, struct text name);
/* Shown when no name fits; without a call the first. */
void	lb_sni_set_usual(struct lb_sni *, unsigned number);
/* The number; -1: none, the handshake is refused (strict). */
int	lb_sni_choose(const struct lb_sni *, const char *name);

#endif
