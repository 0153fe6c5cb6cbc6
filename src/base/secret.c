/* SPDX-License-Identifier: ISC */
/*
 * secret.c - a small arena of its own pages for secrets: a list of mapped
 * 64 KB regions cut into power-of-two blocks, under one lock. Larger blocks
 * get a mapping of their own. Any thread.
 */
#include <sys/mman.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/secret.h"
#include "compat.h"

enum { REGION = 65536, SMALLEST = 64, CLASSES = 8 };	/* 64 ... 8192 */

struct block {			/* in front of every secret */
	uint32_t size_class;	/* CLASSES: a mapping of its own */
	uint32_t pad;
	size_t len;		/* of the whole block with this head */
	struct block *next;	/* while free */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *free_list[CLASSES];
static char *region;
static size_t region_left;
static atomic_size_t lent;

static void *
map(size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	(void)mlock(at, len);			/* best effort */
	(void)madvise(at, len, MADV_DONTDUMP);
	return at;
}

static struct block *
take_small(unsigned k)
{
	size_t len = (size_t)SMALLEST << k;
	struct block *b = free_list[k];

	if (b != NULL) {
		free_list[k] = b->next;
		return b;
	}
	if (region_left < len) {
		char *fresh = map(REGION);

		if (fresh == NULL)
			return NULL;
		region = fresh;
		region_left = REGION;
	}
	b = (struct block *)(void *)region;
	region += len;
	region_left -= len;
	b->size_class = k;
	b->len = len;
	return b;
}

static struct block *
take_large(size_t len)
{
	struct block *b = map(len);

	if (b != NULL) {
		b->size_class = CLASSES;
		b->len = len;
	}
	return b;
}

void *
secret_get(size_t len)
{
	struct block *b;
	unsigned k = 0;

	if (len > SIZE_MAX / 2 || mem_refused())
		return NULL;
	len += sizeof *b;
	while (k < CLASSES && ((size_t)SMALLEST << k) < len)
		k++;
	if (k == CLASSES) {
		b = take_large(len);
	} else {
		pthread_mutex_lock(&lock);
		b = take_small(k);
		pthread_mutex_unlock(&lock);
	}
	if (b == NULL)
		return NULL;
	atomic_fetch_add(&lent, 1);
	return b + 1;
}

size_t
secret_lent(void)
{
	return atomic_load(&lent);
}

char *
secret_copy(struct text t)
{
	char *at = secret_get(t.len + 1);

	if (at != NULL && t.len > 0)
		memcpy(at, t.at, t.len);
	return at;
}

void
secret_drop(void *at)
{
	struct block *b;

	if (at == NULL)
		return;
	b = (struct block *)at - 1;
	atomic_fetch_sub(&lent, 1);
	explicit_bzero(at, b->len - sizeof *b);
	if (b->size_class == CLASSES) {
		munmap(b, b->len);
		return;
	}
	pthread_mutex_lock(&lock);
	b->next = free_list[b->size_class];
	free_list[b->size_class] = b;
	pthread_mutex_unlock(&lock);
}

void
secret_wipe(void *at, size_t len)
{
	explicit_bzero(at, len);
}

bool
secret_same(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *x = a, *y = b;
	unsigned differ = 0;

	for (size_t i = 0; i < len; i++)
		differ |= (unsigned)(x[i] ^ y[i]);
	return differ == 0;
}
