/* SPDX-License-Identifier: ISC */
/* poll.c - from a source's row to its page; see poll.h. Loop 0. */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "watch/dialogue.h"
#include "watch/gauge.h"
#include "watch/poll.h"
#include "watch/words.h"

enum { HEALTH_MOST = 64 * 1024, DATABASES_MOST = 200, NAME = 128 };

struct wt_poll {
	struct loop *loop;
	const struct wt_source_row *row;
	int64_t connect, end;		/* monotonic */
	void (*done)(void *, const struct wt_polled *);
	void *arg;
	struct wt_fetch *fetch;
	struct wt_dialogue *dialogue;
	char node[WT_NODE];
	struct wt_answerer answerer;
	/* Of the pooler: the metrics, and which databases are unwell. */
	char *metrics;
	struct text left;		/* of the metrics, not yet asked */
	char database[NAME];
	unsigned asked;
	struct map *health;
	bool dead;
};

static void
bury(void *arg)
{
	struct wt_poll *p = arg;

	mem_drop(p->metrics);
	map_free(&p->health, mem_drop);
	mem_drop(p);
}

static void
stop(struct wt_poll *p)
{
	if (p->dead)
		return;
	p->dead = true;
	wt_fetch_cancel(&p->fetch);
	wt_dialogue_cancel(&p->dialogue);
	loop_retire(p->loop, p, bury);
}

void
wt_poll_cancel(struct wt_poll **p)
{
	if (*p != NULL)
		stop(*p);
	*p = NULL;
}

/* ---- the end */

static void
finish(struct wt_poll *p, struct wt_page *page, const char *reason)
{
	struct wt_polled polled = { page, reason, p->answerer };

	polled.answerer.node = p->node;
	stop(p);
	p->done(p->arg, &polled);
}

static void
take_page(struct wt_poll *p, struct text body)
{
	struct wt_page page;
	struct why why;

	if (wt_page_read(&page, body, &why) < 0) {
		finish(p, NULL, why.line);
		return;
	}
	finish(p, &page, NULL);
	wt_page_fini(&page);
}

/* A reason to fail in the answer as such, or NULL. */
static const char *
refusal(const struct wt_answer *a, char to[WT_WORDS])
{
	if (a->failure != WT_ANSWERED)
		return a->reason;
	if (a->status == 200)
		return NULL;
	snprintf(to, WT_WORDS, a->status == 401 ?
	    "status %d: user or password is wrong" : a->status >= 300 &&
	    a->status < 400 ? "status %d: redirects are not followed" :
	    "status %d", a->status);
	return to;
}

/* ---- HTTP */

static int64_t
time_left(const struct wt_poll *p)
{
	int64_t left = p->end - clock_now();

	return left < CLOCK_MS ? CLOCK_MS : left;
}

/* "http+unix:PATH:URI" in its parts. */
static const char *
split_unix(const char *url, char *path, size_t size)
{
	const char *rest = url + sizeof "http+unix:" - 1;
	const char *colon = strchr(rest, ':');

	snprintf(path, size, "%.*s", (int)(colon - rest), rest);
	return colon + 1;
}

static int
ask(struct wt_poll *p, const char *url, size_t most,
    void (*done)(void *, const struct wt_answer *), struct why *why)
{
	char path[256], by_socket[1024];
	struct wt_ask ask = { .url = url, .user = p->row->user,
	    .password = p->row->password, .ca_file = p->row->ca_file,
	    .cert_file = p->row->cert_file, .key_file = p->row->key_file,
	    .tls_verify = p->row->tls_verify != 0,
	    .connect_limit = p->connect, .limit = time_left(p),
	    .most = most };

	if (text_begins(text_of(url), "http+unix:")) {
		snprintf(by_socket, sizeof by_socket, "http://localhost%s",
		    split_unix(url, path, sizeof path));
		ask.url = by_socket;
		ask.unix_path = path;
	}
	p->fetch = wt_fetch_start(&ask, done, p, why);
	return p->fetch == NULL ? -1 : 0;
}

static void
on_page(void *arg, const struct wt_answer *a)
{
	struct wt_poll *p = arg;
	char text[WT_WORDS];
	const char *reason = refusal(a, text);

	p->fetch = NULL;
	if (reason != NULL) {
		finish(p, NULL, reason);
		return;
	}
	snprintf(p->node, sizeof p->node, "%s", a->node);
	take_page(p, a->body);
}

/* ---- a runtime socket: first who it is, then the page */

void
wt_poll_read_info(struct text all, struct wt_answerer *a, char node[WT_NODE])
{
	struct text line, name;

	while (text_split(&all, '\n', &line)) {
		if (!text_split(&line, ':', &name))
			continue;
		line = text_trim(line);
		if (text_is(name, "node") && line.len < WT_NODE) {
			for (size_t i = 0; i < line.len; i++)
				node[i] = line.at[i] > ' ' ? line.at[i] : '?';
			node[line.len] = '\0';
		} else if (text_is(name, "Pid"))
			wt_page_number(line, &a->pid);
		else if (text_is(name, "Uptime_sec"))
			wt_page_number(line, &a->uptime);
	}
}

static void
on_stat(void *arg, const struct wt_answer *a)
{
	struct wt_poll *p = arg;
	size_t n = a->body.len;

	p->dialogue = NULL;
	if (a->failure != WT_ANSWERED)
		finish(p, NULL, a->reason);
	/* The end of an answer is an empty line, nothing else tells it. */
	else if (n < 2 || a->body.at[n - 1] != '\n' || (a->body.at[n - 2] !=
	    '\n' && a->body.at[n - 2] != '\r'))
		finish(p, NULL, "the answer is torn: no empty line at its "
		    "end");
	else
		take_page(p, a->body);
}

static const char *
socket_path(const struct wt_source_row *row)
{
	return row->url + sizeof "unix:" - 1;
}

static void
on_info(void *arg, const struct wt_answer *a)
{
	struct wt_poll *p = arg;
	struct why why;

	p->dialogue = NULL;
	if (a->failure == WT_ANSWERED)
		wt_poll_read_info(a->body, &p->answerer, p->node);
	p->dialogue = wt_dialogue_start(p->loop, socket_path(p->row),
	    "show stat\n", time_left(p), WT_PAGE_BYTES, on_stat, p, &why);
	if (p->dialogue == NULL)
		finish(p, NULL, why.line);
}

/* ---- metrics of Weir's own */

static void
on_vrrp(void *arg, const struct wt_answer *a)
{
	struct wt_poll *p = arg;
	char text[WT_WORDS];
	const char *reason = refusal(a, text);
	struct why why;
	char *page;

	p->fetch = NULL;
	page = reason != NULL ? NULL : wt_gauge_vrrp(a->body, &why);
	if (page == NULL) {
		finish(p, NULL, reason != NULL ? reason : why.line);
		return;
	}
	take_page(p, text_of(page));
	mem_drop(page);
}

/* ".../metrics" becomes ".../healthz/NAME". */
static char *
health_url(const char *url, const char *name)
{
	size_t len = strlen(url), at = 0;
	char escaped[3 * NAME + 1];

	for (const char *c = name; *c != '\0'; c++)
		at += (size_t)snprintf(escaped + at, sizeof escaped - at,
		    (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
		    (*c >= 'a' && *c <= 'z') || strchr("-_.", *c) != NULL ?
		    "%c" : "%%%02X", (unsigned char)*c);
	escaped[at] = '\0';
	if (len >= 8 && strcmp(url + len - 8, "/metrics") == 0)
		len -= 8;
	return mem_print("%.*s/healthz%s%s", (int)len, url,
	    name[0] == '\0' ? "" : "/", escaped);
}

static void
take_pooler(struct wt_poll *p)
{
	struct why why;
	char *page = wt_gauge_pooler(text_of(p->metrics), p->row, p->health,
	    &why);

	if (page == NULL) {
		finish(p, NULL, why.line);
		return;
	}
	take_page(p, text_of(page));
	mem_drop(page);
}

static void on_health(void *arg, const struct wt_answer *a);

static void
ask_next_health(struct wt_poll *p)
{
	struct why why;
	char *url;

	if (p->asked++ >= DATABASES_MOST || !wt_gauge_database(&p->left,
	    p->database, sizeof p->database)) {
		take_pooler(p);
		return;
	}
	url = health_url(p->row->url, p->database);
	if (url == NULL || ask(p, url, HEALTH_MOST, on_health, &why) < 0)
		finish(p, NULL, url == NULL ? "out of memory" : why.line);
	mem_drop(url);
}

static void
on_health(void *arg, const struct wt_answer *a)
{
	struct wt_poll *p = arg;
	char reason[NAME];
	struct text rest = a->body, line = TEXT_NONE;
	char *copy;

	p->fetch = NULL;
	if (a->failure != WT_ANSWERED) {
		finish(p, NULL, a->reason);
		return;
	}
	if (a->status == 503) {
		text_split(&rest, '\n', &line);
		line = text_trim(line);
		snprintf(reason, sizeof reason, "%.*s", (int)(line.len > 100 ?
		    100 : line.len), line.at);
		for (char *c = reason; *c != '\0'; c++)
			if ((unsigned char)*c < ' ')
				*c = '?';
		copy = mem_copy(text_of(reason));
		if (copy == NULL || map_put(&p->health, text_of(p->database),
		    copy) < 0)
			mem_drop(copy);
	}
	ask_next_health(p);
}

/* All well: nobody needs to be asked one by one. */
static void
on_all_health(void *arg, const struct wt_answer *a)
{
	struct wt_poll *p = arg;

	p->fetch = NULL;
	if (a->failure != WT_ANSWERED)
		finish(p, NULL, a->reason);
	else if (a->status == 503)
		ask_next_health(p);
	else
		take_pooler(p);
}

static void
on_pooler(void *arg, const struct wt_answer *a)
{
	struct wt_poll *p = arg;
	char text[WT_WORDS];
	const char *reason = refusal(a, text);
	struct why why = { .line = "out of memory" };
	char *url = NULL;

	p->fetch = NULL;
	if (reason == NULL && memchr(a->body.at, '\0', a->body.len) != NULL)
		reason = "a NUL byte in the answer";
	if (reason == NULL) {
		p->metrics = mem_copy(a->body);
		url = health_url(p->row->url, "");
	}
	if (reason != NULL || p->metrics == NULL || url == NULL) {
		finish(p, NULL, reason != NULL ? reason : why.line);
	} else {
		p->left = text_of(p->metrics);
		if (ask(p, url, HEALTH_MOST, on_all_health, &why) < 0)
			finish(p, NULL, why.line);
	}
	mem_drop(url);
}

/* ---- the start */

static int
begin(struct wt_poll *p, struct why *why)
{
	const char *url = p->row->url;
	char *page_url;
	int code;

	if (p->row->kind == WT_VRRP)
		return ask(p, url, WT_PAGE_BYTES, on_vrrp, why);
	if (p->row->kind == WT_POOLER)
		return ask(p, url, WT_PAGE_BYTES, on_pooler, why);
	if (text_begins(text_of(url), "unix:")) {
		p->dialogue = wt_dialogue_start(p->loop, socket_path(p->row),
		    "show info\n", time_left(p) / 2, WT_PAGE_BYTES, on_info,
		    p, why);
		return p->dialogue == NULL ? -1 : 0;
	}
	page_url = wt_config_page_url(url);
	if (page_url == NULL)
		return why_set(why, "out of memory");
	code = ask(p, page_url, WT_PAGE_BYTES, on_page, why);
	mem_drop(page_url);
	return code;
}

struct wt_poll *
wt_poll_start(struct loop *loop, const struct wt_source_row *row,
    const struct wt_settings *set, void (*done)(void *,
    const struct wt_polled *), void *arg, struct why *why)
{
	struct wt_poll *p = mem_zero(sizeof *p);
	int64_t limit = row->timeout > 0 ? row->timeout : set->timeout;

	if (p == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	if (limit > set->interval)
		limit = set->interval;
	p->loop = loop;
	p->row = row;
	p->done = done;
	p->arg = arg;
	p->end = clock_now() + limit;
	p->connect = set->connect_timeout < limit ? set->connect_timeout :
	    limit;
	if (begin(p, why) == 0)
		return p;
	stop(p);
	return NULL;
}
