/* SPDX-License-Identifier: ISC */
/* fetch.c - libcurl's multi interface under libevent; see fetch.h. Loop 0. */
#include <sys/queue.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/timer.h"
#include "watch/fetch.h"

enum { NODE = 64, HOST = 256, ADDRESSES = 8, BODY_FIRST = 16 * 1024 };

struct wt_fetch {
	TAILQ_ENTRY(wt_fetch) link;
	CURL *easy;
	struct curl_slist *headers, *resolve;
	void (*done)(void *, const struct wt_answer *);
	void *arg;
	struct timer limit;		/* while the name is asked for */
	int64_t began, whole, connect;
	char host[HOST];
	unsigned port;
	bool asking, running, dead;
	char *body;
	size_t len, room, most;
	bool too_large, framed;
	int64_t retry_after;
	char node[NODE];
	char error[CURL_ERROR_SIZE];
};

struct watch {			/* a descriptor of libcurl's */
	struct event *event;
	int what;
};

static struct {
	struct loop *loop;
	struct resolver *resolver;
	CURLM *multi;
	struct timer timer;
	TAILQ_HEAD(, wt_fetch) all;
} it;

/* ---- the end of a request */

static void
bury(void *arg)
{
	struct wt_fetch *f = arg;

	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	curl_slist_free_all(f->resolve);
	mem_drop(f->body);
	mem_drop(f);
}

static void
stop(struct wt_fetch *f)
{
	if (f->dead)
		return;
	f->dead = true;
	timer_stop(&f->limit);
	if (f->asking)
		resolver_cancel(it.resolver, f);
	if (f->running)
		curl_multi_remove_handle(it.multi, f->easy);
	TAILQ_REMOVE(&it.all, f, link);
	loop_retire(it.loop, f, bury);
}

void
wt_fetch_cancel(struct wt_fetch **f)
{
	if (*f != NULL)
		stop(*f);
	*f = NULL;
}

static void
answer(struct wt_fetch *f, const struct wt_answer *a)
{
	void (*done)(void *, const struct wt_answer *) = f->done;
	void *arg = f->arg;

	stop(f);	/* freed at the end of the turn: the body lives on */
	done(arg, a);
}

static void
fail(struct wt_fetch *f, enum wt_failure failure, const char *reason)
{
	struct wt_answer a = { .failure = failure, .reason = reason,
	    .retry_after = -1, .node = "" };

	answer(f, &a);
}

static enum wt_failure
failure_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return WT_TIMED_OUT;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_WRITE_ERROR:
	case CURLE_BAD_CONTENT_ENCODING:
		return WT_TORN;
	default:
		return WT_UNREACHED;
	}
}

static void
finish(struct wt_fetch *f, CURLcode code)
{
	struct wt_answer a = { .retry_after = f->retry_after,
	    .framed = f->framed, .node = f->node };
	long status = 0;

	if (f->too_large) {
		fail(f, WT_TOO_LARGE, "the answer is too large");
		return;
	}
	if (code != CURLE_OK) {
		fail(f, failure_of(code), f->error[0] != '\0' ? f->error :
		    curl_easy_strerror(code));
		return;
	}
	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	a.status = (int)status;
	a.body = (struct text){ f->body == NULL ? "" : f->body, f->len };
	answer(f, &a);
}

static void
look_for_done(void)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(it.multi, &left)) != NULL) {
		struct wt_fetch *f;
		char *private;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		f = (struct wt_fetch *)(void *)private;
		finish(f, m->data.result);
	}
}

/* ---- libcurl's descriptors and its timer on the loop */

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	int running, act = (what & EV_READ ? CURL_CSELECT_IN : 0) |
	    (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(it.multi, fd, act, &running);
	look_for_done();
}

static void
on_timer(void *arg)
{
	int running;

	curl_multi_socket_action(it.multi, CURL_SOCKET_TIMEOUT, 0, &running);
	look_for_done();
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	if (ms < 0)
		timer_stop(&it.timer);
	else
		timer_after(&it.timer, ms * CLOCK_MS);
	return 0;
}

static void
drop_watch(struct watch *w)
{
	event_del(w->event);
	event_free(w->event);
	mem_drop(w);
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	struct watch *w = socket;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			drop_watch(w);
		curl_multi_assign(it.multi, fd, NULL);
		return 0;
	}
	if (w != NULL && w->what == what)
		return 0;
	if (w != NULL)
		drop_watch(w);
	w = mem_zero(sizeof *w);
	if (w != NULL)
		w->event = event_new(loop_base(it.loop), fd, events, on_ready,
		    NULL);
	if (w == NULL || w->event == NULL) {
		mem_drop(w);
		curl_multi_assign(it.multi, fd, NULL);
		return -1;
	}
	w->what = what;
	event_add(w->event, NULL);
	curl_multi_assign(it.multi, fd, w);
	return 0;
}

int
wt_fetch_init(struct loop *loop, struct resolver *resolver, struct why *why)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	it.loop = loop;
	it.resolver = resolver;
	TAILQ_INIT(&it.all);
	timer_init(&it.timer, loop, on_timer, NULL);
	it.multi = curl_multi_init();
	if (it.multi == NULL)
		return why_set(why, "cannot start libcurl");
	curl_multi_setopt(it.multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(it.multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(it.multi, CURLMOPT_MAXCONNECTS, 1L);
	return 0;
}

void
wt_fetch_fini(void)
{
	struct wt_fetch *f;

	if (it.multi == NULL)
		return;
	while ((f = TAILQ_FIRST(&it.all)) != NULL)
		stop(f);
	timer_stop(&it.timer);
	/* The last easy handles go with the loop, behind this. */
	curl_multi_cleanup(it.multi);
	it.multi = NULL;
}

/* ---- what comes in */

static size_t
on_body(char *at, size_t size, size_t n, void *arg)
{
	struct wt_fetch *f = arg;
	size_t len = size * n;
	char *more;

	if (len > f->most - f->len) {
		f->too_large = true;
		return 0;
	}
	if (f->len + len > f->room) {
		size_t room = f->room == 0 ? BODY_FIRST : 2 * f->room;

		while (room < f->len + len)
			room *= 2;
		more = mem_grow(f->body, room);
		if (more == NULL)
			return 0;
		f->body = more;
		f->room = room;
	}
	memcpy(f->body + f->len, at, len);
	f->len += len;
	return len;
}

int64_t
wt_fetch_retry_after(struct text value, int64_t wall)
{
	char copy[64];
	int64_t usec;
	time_t date;

	if (number_seconds(value, &usec, NULL) == 0)
		return usec;
	if (value.len >= sizeof copy)
		return -1;
	memcpy(copy, value.at, value.len);
	copy[value.len] = '\0';
	date = curl_getdate(copy, NULL);
	if (date < 0)
		return -1;
	usec = (int64_t)date * CLOCK_SECOND - wall;
	return usec < CLOCK_SECOND ? CLOCK_SECOND : usec;
}

static size_t
on_header(char *at, size_t size, size_t n, void *arg)
{
	struct wt_fetch *f = arg;
	struct text rest = { at, size * n }, name;

	if (text_begins(rest, "HTTP/")) {	/* also behind a 100 */
		f->framed = false;
		f->retry_after = -1;
	}
	if (!text_split(&rest, ':', &name))
		return size * n;
	rest = text_trim(rest);
	if (text_is_nocase(name, "Content-Length") ||
	    text_is_nocase(name, "Transfer-Encoding"))
		f->framed = true;
	else if (text_is_nocase(name, "Retry-After"))
		f->retry_after = wt_fetch_retry_after(rest, clock_wall());
	else if (text_is_nocase(name, "X-Weir-Node") && rest.len < NODE) {
		for (size_t i = 0; i < rest.len; i++)
			f->node[i] = rest.at[i] > ' ' ? rest.at[i] : '?';
		f->node[rest.len] = '\0';
	}
	return size * n;
}

/* ---- the start of a request */

static void
run(struct wt_fetch *f)
{
	int64_t left = f->whole - (clock_now() - f->began);

	if (left < CLOCK_MS)
		left = CLOCK_MS;
	curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, (long)(left / CLOCK_MS));
	timer_stop(&f->limit);
	f->running = true;
	curl_multi_add_handle(it.multi, f->easy);
}

static void
on_limit(void *arg)
{
	struct wt_fetch *f = arg;

	if (f->asking)
		fail(f, WT_TIMED_OUT, "the name was not resolved in time");
	else
		run(f);
}

/* "HOST:PORT:ADDRESS,ADDRESS" */
static void
on_address(void *arg, const struct resolver_answer *a)
{
	struct wt_fetch *f = arg;
	char line[HOST + 16 + ADDRESSES * (INET6_ADDRSTRLEN + 3)];
	char ip[ADDRESS_TEXT];
	size_t len;

	f->asking = false;
	if (a->code != 0 || a->count == 0) {
		snprintf(f->error, sizeof f->error, "cannot resolve %.200s",
		    f->host);
		/* Not inside the asker's own call. */
		timer_stop(&f->limit);
		f->asking = false;
		fail(f, WT_UNREACHED, f->error);
		return;
	}
	len = (size_t)snprintf(line, sizeof line, "%s:%u:", f->host, f->port);
	for (unsigned i = 0; i < a->count && i < ADDRESSES; i++) {
		struct endpoint e = address_endpoint(&a->addresses[i]);
		bool six = e.family == AF_INET6;

		len += (size_t)snprintf(line + len, sizeof line - len,
		    "%s%s%s%s", i == 0 ? "" : ",", six ? "[" : "",
		    endpoint_ip(&e, ip), six ? "]" : "");
	}
	f->resolve = curl_slist_append(NULL, line);
	curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->resolve);
	run(f);
}

static void
ask_name(void *arg)
{
	struct wt_fetch *f = arg;

	timer_init(&f->limit, it.loop, on_limit, f);
	timer_after(&f->limit, f->connect < f->whole ? f->connect : f->whole);
	f->asking = true;
	resolver_ask(it.resolver, f->host, on_address, f);
}

/* Whom to connect to; false: a path or an address, nothing to resolve. */
static bool
find_host(struct wt_fetch *f, const struct wt_ask *ask)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;
	struct address literal;
	bool is_name = false;

	if (ask->unix_path == NULL && u != NULL && curl_url_set(u,
	    CURLUPART_URL, ask->proxy != NULL ? ask->proxy : ask->url,
	    CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    host[0] != '[' && strlen(host) < HOST &&
	    address_ip(text_of(host), 0, &literal) < 0) {
		is_name = true;
		snprintf(f->host, sizeof f->host, "%s", host);
		f->port = ask->proxy != NULL ? 1080 : 80;
		if (curl_url_get(u, CURLUPART_PORT, &port,
		    CURLU_DEFAULT_PORT) == CURLUE_OK)
			f->port = (unsigned)strtoul(port, NULL, 10);
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return is_name;
}

#define SET(f, option, value)						\
	curl_easy_setopt((f)->easy, CURLOPT_ ## option, value)

static void
set_tls(struct wt_fetch *f, const struct wt_ask *ask)
{
	if (ask->ca_file != NULL)
		SET(f, CAINFO, ask->ca_file);
	if (ask->cert_file != NULL)
		SET(f, SSLCERT, ask->cert_file);
	if (ask->key_file != NULL)
		SET(f, SSLKEY, ask->key_file);
	SET(f, SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!ask->tls_verify) {
		SET(f, SSL_VERIFYPEER, 0L);
		SET(f, SSL_VERIFYHOST, 0L);
	}
}

static void
set_request(struct wt_fetch *f, const struct wt_ask *ask)
{
	for (const char *const *h = ask->headers; h != NULL && *h != NULL; h++)
		f->headers = curl_slist_append(f->headers, *h);
	if (ask->body != NULL) {
		f->headers = curl_slist_append(f->headers, "Expect:");
		SET(f, POSTFIELDSIZE, (long)ask->body_len);
		SET(f, COPYPOSTFIELDS, ask->body);
	}
	if (f->headers != NULL)
		SET(f, HTTPHEADER, f->headers);
	if (ask->user != NULL) {
		SET(f, HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(f, USERNAME, ask->user);
		SET(f, PASSWORD, ask->password == NULL ? "" : ask->password);
	}
	if (ask->unix_path != NULL)
		SET(f, UNIX_SOCKET_PATH, ask->unix_path);
	SET(f, PROXY, ask->proxy == NULL ? "" : ask->proxy);
	SET(f, NOPROXY, "");
}

static void
set_all(struct wt_fetch *f, const struct wt_ask *ask)
{
	SET(f, URL, ask->url);
	SET(f, PRIVATE, f);
	SET(f, NOSIGNAL, 1L);
	SET(f, ERRORBUFFER, f->error);
	SET(f, WRITEFUNCTION, on_body);
	SET(f, WRITEDATA, f);
	SET(f, HEADERFUNCTION, on_header);
	SET(f, HEADERDATA, f);
	SET(f, FOLLOWLOCATION, 0L);
	SET(f, FRESH_CONNECT, 1L);
	SET(f, FORBID_REUSE, 1L);
	SET(f, DNS_CACHE_TIMEOUT, 0L);
	SET(f, CONNECTTIMEOUT_MS, (long)(f->connect / CLOCK_MS));
	SET(f, PROTOCOLS_STR, "http,https");
	SET(f, HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(f, USERAGENT, "weir-watch/" PACKAGE_VERSION);
	set_tls(f, ask);
	set_request(f, ask);
}

struct wt_fetch *
wt_fetch_start(const struct wt_ask *ask, void (*done)(void *,
    const struct wt_answer *), void *arg, struct why *why)
{
	struct wt_fetch *f = mem_zero(sizeof *f);

	if (f != NULL)
		f->easy = curl_easy_init();
	if (f == NULL || f->easy == NULL) {
		mem_drop(f);
		why_set(why, "out of memory");
		return NULL;
	}
	f->done = done;
	f->arg = arg;
	f->most = ask->most;
	f->began = clock_now();
	f->whole = ask->limit;
	f->connect = ask->connect_limit;
	f->retry_after = -1;
	set_all(f, ask);
	TAILQ_INSERT_TAIL(&it.all, f, link);
	timer_init(&f->limit, it.loop, on_limit, f);
	if (find_host(f, ask)) {
		timer_init(&f->limit, it.loop, ask_name, f);
		timer_after(&f->limit, 0);
	} else
		timer_after(&f->limit, 0);
	return f;
}
