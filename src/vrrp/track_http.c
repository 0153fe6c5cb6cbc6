/* SPDX-License-Identifier: ISC */
/*
 * track_http.c - a GET over HTTP/1.0 that is answered with an expected code.
 * On the turn's loop.
 */
#include <stdio.h>

#include "base/mem.h"
#include "base/number.h"
#include "compat.h"
#include "vrrp/probe.h"
#include "vrrp/track_kinds.h"

struct http {
	struct vr_probe probe;		/* first: it is one */
	char *request;
};

static bool
is_expected(const struct vr_http_conf *conf, int64_t code)
{
	for (unsigned i = 0; i < conf->code_count; i++)
		if (code >= conf->codes[i].least && code <=
		    conf->codes[i].most)
			return true;
	return conf->code_count == 0 && code == 200;
}

/* "HTTP/1.1 200 OK": the code; -1: it is none. */
static int64_t
read_code(struct text line)
{
	struct text word;
	int64_t code;

	if (!text_begins(line, "HTTP/") || !text_word(&line, " ", &word) ||
	    !text_word(&line, " \r\n", &word) || number_int(word, 10, 100,
	    999, &code, NULL) == -1)
		return -1;
	return code;
}

static enum vr_probe_verdict
judge(struct vr_probe *p, struct text all, bool ended)
{
	struct text line;
	int64_t code;

	if (all.len == 0 || memchr(all.at, '\n', all.len) == NULL) {
		(void)strlcpy(p->base.last, "no answer",
		    sizeof p->base.last);
		return ended ? VR_PROBE_BAD : VR_PROBE_MORE;
	}
	(void)text_split(&all, '\n', &line);
	code = read_code(line);
	if (code == -1)
		(void)strlcpy(p->base.last, "not HTTP",
		    sizeof p->base.last);
	else
		snprintf(p->base.last, sizeof p->base.last, "answered %d",
		    (int)code);
	return is_expected(p->base.conf, code) ? VR_PROBE_GOOD :
	    VR_PROBE_BAD;
}

static int
open_http(struct vr_track *t, struct why *why)
{
	struct http *h = (struct http *)t;
	const struct vr_http_conf *conf = t->conf;

	h->request = mem_print("GET %s HTTP/1.0\r\nHost: %s\r\n"
	    "User-Agent: weir-vrrp\r\nConnection: close\r\n\r\n",
	    conf->path, conf->host);
	if (h->request == NULL)
		return why_set(why, "no memory");
	h->probe.to = conf->address;
	h->probe.ask = h->request;
	h->probe.interval = conf->interval;
	h->probe.timeout = conf->timeout;
	h->probe.judge = judge;
	vr_probe_open(&h->probe, conf->rise, conf->fall);
	return 0;
}

static void
close_http(struct vr_track *t)
{
	struct http *h = (struct http *)t;

	vr_probe_close(&h->probe);
	mem_drop(h->request);
}

const struct vr_track_ops vr_track_http = {
	.kind = "http", .size = sizeof(struct http),
	.open = open_http, .close = close_http, .inherit = vr_track_inherit
};
