/* SPDX-License-Identifier: ISC */
/* rate.c - rates over a sliding second, averages. Pure. */
#include "stat/rate.h"

static const int64_t second = 1000000;

static struct rate
turn_to(struct rate r, int64_t now)
{
	uint32_t at = (uint32_t)(now / second);

	if (at == r.second)
		return r;
	r.before = at == r.second + 1 ? r.now : 0;
	r.now = 0;
	r.second = at;
	return r;
}

/* What counts of the second before: the part of it inside the last second. */
static uint32_t
value_of(const struct rate *r, int64_t now)
{
	int64_t left = second - now % second;

	return r->now + (uint32_t)((r->before * left + second - 1) / second);
}

void
rate_add(struct rate *r, int64_t now)
{
	uint32_t value;

	*r = turn_to(*r, now);
	r->now++;
	value = value_of(r, now);
	/* A maximum is of whole seconds: an overlap would double a burst. */
	if (r->now > r->most)
		r->most = r->now;
	else if (r->before > 0 && value > r->most && r->before >= r->most)
		r->most = r->before;
}

uint32_t
rate_read(const struct rate *r, int64_t now)
{
	struct rate turned = turn_to(*r, now);

	return value_of(&turned, now);
}

int64_t
rate_wait(const struct rate *r, uint32_t limit, int64_t now)
{
	struct rate t = turn_to(*r, now);

	if (value_of(&t, now) < limit)
		return 0;
	if (t.now >= limit || t.before == 0)
		return second - now % second;
	/* As the second before leaves, there is room again. */
	return second / t.before + 1;
}

void
rate_sample(uint64_t *sum, uint32_t samples, uint32_t value)
{
	*sum = *sum * (samples - 1) / samples + value;
}

uint32_t
rate_mean(uint64_t sum, uint32_t samples)
{
	return (uint32_t)((sum + samples - 1) / samples);
}
