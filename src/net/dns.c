/* SPDX-License-Identifier: ISC */
/* dns.c - a channel for each state of resolv.conf. One loop's thread. */
#include <sys/stat.h>

#include <netdb.h>

#include "base/mem.h"
#include "net/channel.h"
#include "net/dns.h"

enum { DNS_CLASS_IN = 1, DNS_TYPE_SOA = 6 };

struct source {			/* a channel, by one state of the file */
	struct source *next;
	struct dns *dns;
	struct channel *channel;
	unsigned queries;
	bool closed;
};

struct file_mark {		/* tells one state of a file from another */
	struct timespec changed;
	ino_t inode;
	off_t size;
};

struct dns {
	struct loop *loop;
	char *resolv_conf;		/* NULL: the system's */
	uint16_t port;			/* 0: 53 */
	struct file_mark mark;
	struct source *sources;		/* the first is the one in use */
};

struct query {
	struct source *source;
	void (*told)(void *, int, const struct address *, unsigned);
	void (*told_serial)(void *, int, uint32_t);
	void *arg;
};

/* ---- channels */

static struct source *
open_source(struct dns *d, struct why *why)
{
	struct source *s = mem_zero(sizeof *s);
	struct ares_options o = { 0 };
	int mask = 0;

	if (s == NULL) {
		why_set(why, "no memory for DNS");
		return NULL;
	}
	s->dns = d;
	if (d->resolv_conf != NULL) {
		o.resolvconf_path = d->resolv_conf;
		mask |= ARES_OPT_RESOLVCONF;
	}
	if (d->port != 0) {
		o.udp_port = o.tcp_port = d->port;
		mask |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
	}
	s->channel = channel_open(d->loop, &o, mask, why);
	if (s->channel == NULL) {
		mem_drop(s);
		return NULL;
	}
	return s;
}

/* Buried behind its channel, whose last questions still look at it. */
static void
close_source(struct source *s)
{
	s->closed = true;
	channel_close(s->channel);
	loop_retire(s->dns->loop, s, mem_drop);
}

/* ---- questions */

/* A channel that was replaced goes with its last question. */
static void
end_query(struct query *q)
{
	struct source *s = q->source;
	struct dns *d = s->dns;

	mem_drop(q);
	if (--s->queries > 0 || s->closed || s == d->sources)
		return;
	for (struct source **at = &d->sources; *at != NULL;
	    at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			break;
		}
	close_source(s);
}

static unsigned
count_nodes(const struct ares_addrinfo *info)
{
	unsigned n = 0;

	if (info != NULL)
		for (const struct ares_addrinfo_node *at = info->nodes;
		    at != NULL; at = at->ai_next)
			n++;
	return n;
}

static unsigned
copy_nodes(const struct ares_addrinfo *info, struct address *to)
{
	unsigned n = 0;

	for (const struct ares_addrinfo_node *at = info->nodes; at != NULL;
	    at = at->ai_next) {
		if ((at->ai_family != AF_INET && at->ai_family != AF_INET6) ||
		    (size_t)at->ai_addrlen > sizeof to->un)
			continue;
		memset(&to[n], 0, sizeof to[n]);
		memcpy(&to[n].sa, at->ai_addr, (size_t)at->ai_addrlen);
		to[n].len = (socklen_t)at->ai_addrlen;
		address_set_port(&to[n], 0);
		n++;
	}
	return n;
}

static void
on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct query *q = arg;
	struct address *a = NULL;
	unsigned n = count_nodes(info);

	if (!q->source->closed) {
		if (n > 0)
			a = mem_get(n * sizeof *a);
		if (n > 0 && a == NULL)
			status = ARES_ENOMEM;
		n = a == NULL ? 0 : copy_nodes(info, a);
		if (status == ARES_SUCCESS && n == 0)
			status = ARES_ENODATA;
		q->told(q->arg, status, a, n);
		mem_drop(a);
	}
	if (info != NULL)
		ares_freeaddrinfo(info);
	end_query(q);
}

static void
on_soa(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
	struct query *q = arg;
	struct ares_soa_reply *soa = NULL;
	uint32_t serial = 0;

	if (status == ARES_SUCCESS)
		status = ares_parse_soa_reply(answer, len, &soa);
	if (status == ARES_SUCCESS)
		serial = soa->serial;
	if (soa != NULL)
		ares_free_data(soa);
	if (!q->source->closed)
		q->told_serial(q->arg, status, serial);
	end_query(q);
}

static struct file_mark
mark_file(const char *path)
{
	struct file_mark m;
	struct stat st;

	memset(&m, 0, sizeof m);
	if (stat(path, &st) == 0) {
		m.changed = st.st_mtim;
		m.inode = st.st_ino;
		m.size = st.st_size;
	}
	return m;
}

static bool
is_same_mark(const struct file_mark *a, const struct file_mark *b)
{
	return a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec &&
	    a->inode == b->inode && a->size == b->size;
}

/* The channel for a new question: a fresh one when the file has changed. */
static struct source *
current_source(struct dns *d)
{
	struct file_mark mark = mark_file(d->resolv_conf == NULL ?
	    "/etc/resolv.conf" : d->resolv_conf);
	struct source *old = d->sources, *s;

	if (is_same_mark(&mark, &d->mark))
		return old;
	s = open_source(d, NULL);
	if (s == NULL)
		return old;
	d->mark = mark;
	if (old->queries == 0) {
		s->next = old->next;
		close_source(old);
	} else
		s->next = old;
	d->sources = s;
	return s;
}

static struct query *
begin_query(struct dns *d, void *arg)
{
	struct query *q = mem_zero(sizeof *q);

	if (q == NULL)
		return NULL;
	q->source = current_source(d);
	q->source->queries++;
	q->arg = arg;
	return q;
}

void
dns_ask(struct dns *d, const char *name,
    void (*told)(void *, int, const struct address *, unsigned), void *arg)
{
	const struct ares_addrinfo_hints hints = { 0, AF_UNSPEC, SOCK_STREAM,
	    0 };
	struct query *q = begin_query(d, arg);
	struct source *s;

	if (q == NULL) {
		told(arg, ARES_ENOMEM, NULL, 0);
		return;
	}
	s = q->source;
	q->told = told;
	ares_getaddrinfo(channel_ares(s->channel), name, NULL, &hints,
	    on_addresses, q);
	channel_touch(s->channel);
}

void
dns_ask_serial(struct dns *d, const char *zone,
    void (*told)(void *, int, uint32_t), void *arg)
{
	struct query *q = begin_query(d, arg);
	struct source *s;

	if (q == NULL) {
		told(arg, ARES_ENOMEM, 0);
		return;
	}
	s = q->source;
	q->told_serial = told;
	ares_query(channel_ares(s->channel), zone, DNS_CLASS_IN, DNS_TYPE_SOA,
	    on_soa, q);
	channel_touch(s->channel);
}

unsigned
dns_asking(const struct dns *d)
{
	unsigned n = 0;

	for (const struct source *s = d->sources; s != NULL; s = s->next)
		n += s->queries;
	return n;
}

/* ---- open and close */

struct dns *
dns_open(struct loop *l, const char *resolv_conf, uint16_t port,
    struct why *why)
{
	struct dns *d = mem_zero(sizeof *d);

	if (d == NULL) {
		why_set(why, "no memory for DNS");
		return NULL;
	}
	d->loop = l;
	d->port = port;
	if (resolv_conf != NULL && *resolv_conf != '\0')
		d->resolv_conf = mem_copy(text_of(resolv_conf));
	d->mark = mark_file(d->resolv_conf == NULL ? "/etc/resolv.conf" :
	    d->resolv_conf);
	d->sources = open_source(d, why);
	if (d->sources == NULL) {
		mem_drop(d->resolv_conf);
		mem_drop(d);
		return NULL;
	}
	return d;
}

void
dns_use(struct dns *d, const char *resolv_conf)
{
	struct text path = text_of(resolv_conf);

	mem_drop(d->resolv_conf);
	d->resolv_conf = path.len == 0 ? NULL : mem_copy(path);
	d->mark.size = -1;		/* like no file: noticed */
}

static void
bury_dns(void *arg)
{
	struct dns *d = arg;

	mem_drop(d->resolv_conf);
	mem_drop(d);
}

void
dns_close(struct dns **dp)
{
	struct dns *d = *dp;

	*dp = NULL;
	if (d == NULL)
		return;
	while (d->sources != NULL) {
		struct source *s = d->sources;

		d->sources = s->next;
		close_source(s);
	}
	loop_retire(d->loop, d, bury_dns);
}
