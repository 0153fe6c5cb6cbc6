/* SPDX-License-Identifier: ISC */
/*
 * fuzz.h - what every fuzz target includes. A target is one file X_fuzz.c
 * with one function: it gives the bytes to a parser of the product, needs no
 * network, no file and no clock, keeps nothing between two calls, frees
 * everything, and dies (NEED) when the parser breaks a promise of its header.
 * Its seeds are the files of corpus/X; a crash that was found becomes one.
 */
#ifndef WEIR_TEST_FUZZ_H
#define WEIR_TEST_FUZZ_H

#include <stdint.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/*
 * The replay lets the n-th allocation fail: some promises are off then. 0, or
 * not there at all: memory is plenty.
 */
extern unsigned long fuzz_fail_at __attribute__((weak));

static inline bool
fuzz_short_of_memory(void)
{
	return &fuzz_fail_at != NULL && fuzz_fail_at != 0;
}

static inline struct text
fuzz_text(const uint8_t *data, size_t len)
{
	return (struct text){ (const char *)data, len };
}

/* The piece lies in the text it was cut from. */
static inline void
fuzz_need_within(struct text piece, struct text whole)
{
	NEED(piece.len <= whole.len && (piece.len == 0 ||
	    (piece.at >= whole.at &&
	    piece.at - whole.at <= (ptrdiff_t)(whole.len - piece.len))));
}

/* Reads every byte, so that the sanitizer sees a text that is no text. */
static inline void
fuzz_touch(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		(void)*(const volatile char *)(t.at + i);
}

#endif
