/* SPDX-License-Identifier: ISC */
/*
 * outbox_fuzz.c - the outbox's file: any bytes; also with sums made right,
 * so that what is behind them is reached.
 */
#include <stdio.h>

#include "fuzz.h"
#include "watch/message.h"
#include "watch/outbox.h"

static const struct wt_now now = { 1000000000, 1790000000000000 };

static void
read_all(struct text all)
{
	static struct wt_message m;	/* large */
	static struct wt_settings set;
	static struct wt_receiver_row row;
	struct wt_lines l = { .len = 0 };
	struct wt_outbox o;
	struct wt_queue *q;
	struct wt_record *r;
	unsigned count = 0;

	wt_outbox_init(&o);
	wt_outbox_read(&o, all, &now);
	wt_message_init(&m, &row, &set, now.wall);
	TAILQ_FOREACH(q, &o.queues, link)
		TAILQ_FOREACH(r, &q->waiting, link) {
			NEED(r->seq <= o.seq && r->born <= now.mono);
			wt_message_add(&m, r->event);
			count++;
		}
	NEED(count == o.count);
	wt_message_sort(&m, true);
	wt_message_text(&m, &l);
	NEED(l.len <= WT_MESSAGE_TEXT && l.at[l.len] == '\0');
	wt_message_fini(&m);
	wt_outbox_fini(&o);
}

static uint32_t
crc_of(const char *at, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
	}
	return ~crc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len), line;
	size_t used = 0, room = 2 * len + 4096;
	char *all;

	read_all(rest);
	all = mem_get(room);
	if (all == NULL)
		return 0;
	while (text_split(&rest, '\n', &line) && room - used > line.len + 16) {
		if (line.len > 9 && line.at[line.len - 9] == '\t')
			line.len -= 9;
		if (line.len > 0)
			memcpy(all + used, line.at, line.len);
		used += line.len + (size_t)snprintf(all + used + line.len, 16,
		    "\t%08x\n", crc_of(line.at, line.len));
	}
	read_all((struct text){ all, used });
	mem_drop(all);
	return 0;
}
