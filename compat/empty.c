/* SPDX-License-Identifier: ISC */
/* empty.c - keeps the archive from being empty where libc lacks nothing. */
#include "compat.h"

extern const int weir_compat;
const int weir_compat = 1;
