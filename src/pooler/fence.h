/* SPDX-License-Identifier: ISC */
/*
 * fence.h - which files the pooler may still touch once its sandbox is
 * closed: below the directories of those read at start, and where it writes.
 * At start, by the only thread; what it keeps lives as long as the process.
 */
#ifndef WEIR_POOLER_FENCE_H
#define WEIR_POOLER_FENCE_H

#include "base/why.h"
#include "pooler/settings.h"
#include "proc/sandbox.h"

/* Reads a file as file_read() does, and remembers where it was. */
int	pl_fence_read(const char *path, struct text *to, struct why *);

/* All of them and those that the settings name; ended by a NULL path. */
const struct sandbox_path *pl_fence_paths(const struct pl_settings *);

#endif
