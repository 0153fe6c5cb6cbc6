/* SPDX-License-Identifier: ISC */
/*
 * explain.h - a setup written out as a file: every setting with its default
 * or its value and where that comes from. What it writes can be read again
 * and means the same, but for passwords, which are not shown. Before there
 * are threads.
 */
#ifndef WEIR_POOLER_EXPLAIN_H
#define WEIR_POOLER_EXPLAIN_H

#include <stdio.h>

#include "pooler/settings.h"

/* The setup was read with .origins. */
void	pl_explain_setup(FILE *, const struct pl_setup *);

#endif
