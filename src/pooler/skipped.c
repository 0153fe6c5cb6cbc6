/* SPDX-License-Identifier: ISC */
/* skipped.c - a short list of lines; see skipped.h. Pure. */
#include "base/mem.h"
#include "pooler/skipped.h"

int
pl_skipped_add(struct pl_skipped *s, struct text line)
{
	if (s->count == s->room) {
		unsigned room = s->room == 0 ? 4 : s->room * 2;
		struct text *more = mem_grow(s->lines, room * sizeof *more);

		if (more == NULL)
			return -1;
		s->lines = more;
		s->room = room;
	}
	s->lines[s->count++] = line;
	return 0;
}

static bool
has(const struct pl_skipped *s, struct text line)
{
	for (unsigned i = 0; i < s->count; i++)
		if (text_same(s->lines[i], line))
			return true;
	return false;
}

bool
pl_skipped_worse(const struct pl_skipped *now, const struct pl_skipped *before)
{
	for (unsigned i = 0; i < now->count; i++)
		if (before == NULL || !has(before, now->lines[i]))
			return true;
	return false;
}

void
pl_skipped_free(struct pl_skipped *s)
{
	mem_drop(s->lines);
	*s = (struct pl_skipped){ NULL, 0, 0 };
}
