/* SPDX-License-Identifier: ISC */
/*
 * record.c - log lines of sessions: the tcplog form and formats of the
 * user's, made of aliases, one row each. On the session's loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "balancer/logformat.h"
#include "balancer/fates.h"
#include "balancer/record.h"
#include "balancer/sampling.h"
#include "balancer/tuple.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "net/tls.h"

enum { LINE_MOST = 16384, VALUE_MOST = 4096 };

struct record {			/* one line being made */
	struct lb_session *s;
	const struct lb_end *end;	/* NULL: it goes on */
	unsigned flags;			/* LB_PART_* of the alias */
	int64_t wall;			/* of the accept, us */
	struct tm local, utc;
	unsigned process, front, back, server;	/* connections */
	unsigned serial;		/* of the frontend's lines, from 0 */
};

static void
set_date(struct record *r, int64_t wall)
{
	time_t seconds = (time_t)(wall / CLOCK_SECOND);

	r->wall = wall;
	localtime_r(&seconds, &r->local);
	gmtime_r(&seconds, &r->utc);
}

static struct record
look_at(struct lb_session *s, const struct lb_end *end)
{
	struct record r = { .s = s, .end = end };

	set_date(&r, clock_wall() - (loop_now(loop_here()) - s->accepted));
	r.process = atomic_load(&lb_world()->sessions);
	r.front = atomic_load(&s->front->front_sessions);
	if (s->backend == NULL)
		return r;
	lb_proxy_lock(s->backend);
	r.back = s->backend->sessions;
	if (s->server != NULL)
		r.server = s->server->served;
	lb_proxy_unlock(s->backend);
	/* Its own connection to the server is closed by now. */
	if (end != NULL && (s->flags & LB_FLOW_SLOT) && r.server > 0)
		r.server--;
	if (end != NULL && (s->flags & LB_FLOW_BACKEND) && r.back > 0)
		r.back--;
	return r;
}

/* ---- values ------------------------------------------------------------ */

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int
put_date(const struct record *r, char *to, size_t room, const struct tm *tm,
    bool ms)
{
	int len = snprintf(to, room, "%02d/%s/%04d:%02d:%02d:%02d",
	    tm->tm_mday, months[tm->tm_mon], tm->tm_year + 1900, tm->tm_hour,
	    tm->tm_min, tm->tm_sec);

	if (ms)
		return len + snprintf(to + len, room - (size_t)len, ".%03d",
		    (int)(r->wall % CLOCK_SECOND / CLOCK_MS));
	return len + (int)strftime(to + len, room - (size_t)len, " %z", tm);
}

static int
put_number(const struct record *r, char *to, size_t room, int64_t n)
{
	if (r->flags & LB_PART_HEX)
		return snprintf(to, room, "%llX", (unsigned long long)n);
	return snprintf(to, room, "%lld", (long long)n);
}

static int
put_serial(const struct record *r, char *to, size_t room, unsigned n)
{
	return snprintf(to, room, r->flags & LB_PART_HEX ? "%04X" : "%u", n);
}

static int
put_ip(const struct record *r, char *to, size_t room,
    const struct endpoint *e)
{
	char ip[ADDRESS_TEXT];

	if (e->family == 0)
		return snprintf(to, room, "-");
	if ((r->flags & LB_PART_HEX) && e->family == AF_INET)
		return snprintf(to, room, "%02X%02X%02X%02X", e->ip[0],
		    e->ip[1], e->ip[2], e->ip[3]);
	return snprintf(to, room, "%s", endpoint_ip(e, ip));
}

static int
put_port(const struct record *r, char *to, size_t room,
    const struct endpoint *e)
{
	if (e->family == 0)
		return snprintf(to, room, "-");
	return snprintf(to, room, r->flags & LB_PART_HEX ? "%04X" : "%u",
	    e->port);
}

static int64_t
total_ms(const struct record *r)
{
	return (loop_now(loop_here()) - r->s->accepted) / CLOCK_MS;
}

static const char *
server_name(const struct record *r)
{
	if (r->s->server != NULL)
		return r->s->server->conf->name;
	return r->s->stage == LB_STAGE_ANSWER ? "<STATS>" : "<NOSRV>";
}

/* ---- aliases ----------------------------------------------------------- */

#define ALONE(name, ...)						\
static int								\
put_##name(const struct record *r, char *to, size_t room)		\
{									\
	return __VA_ARGS__;						\
}
#define PUT(name, ...)							\
static int								\
put_##name(const struct record *r, char *to, size_t room)		\
{									\
	struct lb_session *s = r->s;					\
									\
	return s == NULL ? 0 : __VA_ARGS__;				\
}
#define TEXTS(...)	snprintf(to, room, "%s", __VA_ARGS__)
#define NUMBERS(...)	put_number(r, to, room, (int64_t)(__VA_ARGS__))

static const char *
sign_of(const struct record *r)
{
	return r->end == NULL ? "+" : "";
}

PUT(B, snprintf(to, room, "%s%llu", sign_of(r),
    (unsigned long long)s->bytes_out))
PUT(U, snprintf(to, room, "%s%llu", sign_of(r),
    (unsigned long long)s->bytes_in))
ALONE(H, TEXTS(lb_world()->hostname))
ALONE(T, put_date(r, to, room, &r->utc, false))
ALONE(Tl, put_date(r, to, room, &r->local, false))
ALONE(t, put_date(r, to, room, &r->local, true))
ALONE(Ts, NUMBERS(r->wall / CLOCK_SECOND))
ALONE(ms, snprintf(to, room, "%03d", (int)(r->wall % CLOCK_SECOND / CLOCK_MS)))
PUT(Tc, NUMBERS(s->connect_ms))
PUT(Tw, NUMBERS(s->queue_ms))
PUT(Th, NUMBERS(s->hello_ms))
PUT(Ti, NUMBERS(0))
PUT(Tq, NUMBERS(-1))
PUT(Td, NUMBERS(s->connect_ms < 0 ? -1 :
    total_ms(r) - s->hello_ms - s->queue_ms - s->connect_ms))
PUT(Tt, snprintf(to, room, "%s%lld", sign_of(r), (long long)total_ms(r)))
PUT(ac, NUMBERS(r->process))
PUT(fc, NUMBERS(r->front))
PUT(bc, NUMBERS(r->back))
PUT(sc, NUMBERS(r->server))
PUT(rc, snprintf(to, room, "%s%u",
    s->flags & LB_FLOW_REDISPATCHED ? "+" : "", s->retries))
PUT(sq, NUMBERS(s->waiter.ahead_server))
PUT(bq, NUMBERS(s->waiter.ahead_backend))
PUT(f, TEXTS(s->front->conf->name))
PUT(ft, snprintf(to, room, "%s%s", s->front->conf->name,
    s->flags & LB_FLOW_TLS_COUNTED ? "~" : ""))
PUT(b, TEXTS((s->backend != NULL ? s->backend : s->front)->conf->name))
PUT(s, TEXTS(server_name(r)))
PUT(ci, put_ip(r, to, room, &s->src))
PUT(cp, put_port(r, to, room, &s->src))
ALONE(pid, NUMBERS(getpid()))
PUT(rt, put_serial(r, to, room, s->id))
ALONE(lc, put_serial(r, to, room, r->serial))

static int
put_ts(const struct record *r, char *to, size_t room)
{
	char letters[3] = "--";

	if (r->end != NULL)
		lb_reasons_letters(r->s, r->end, letters);
	return TEXTS(letters);
}

/* Behind it stands what became of a cookie; there is none. */
static int
put_tsc(const struct record *r, char *to, size_t room)
{
	int len = put_ts(r, to, room);

	return len + snprintf(to + len, room - (size_t)len, "--");
}

#define PLACE(name, put, find)						\
static int								\
put_##name(const struct record *r, char *to, size_t room)		\
{									\
	struct endpoint e = find(r->s);					\
									\
	return put(r, to, room, &e);					\
}
PLACE(fi, put_ip, lb_tuple_dst)
PLACE(fp, put_port, lb_tuple_dst)
PLACE(bi, put_ip, lb_tuple_server_local)
PLACE(bp, put_port, lb_tuple_server_local)
PLACE(si, put_ip, lb_tuple_server)
PLACE(sp, put_port, lb_tuple_server)

/* "TLSv1.3/TLS_AES_256_GCM_SHA384": which half. */
static int
put_tls(const struct record *r, char *to, size_t room, bool cipher)
{
	char both[128], *slash;

	if (r->s->client == NULL || !tls_is_on(r->s->client))
		return 0;
	tls_describe(r->s->client, both, sizeof both);
	slash = strchr(both, '/');
	if (slash != NULL)
		*slash = '\0';
	return TEXTS(cipher && slash != NULL ? slash + 1 : both);
}

static int
put_sslc(const struct record *r, char *to, size_t room)
{
	return put_tls(r, to, room, true);
}

static int
put_sslv(const struct record *r, char *to, size_t room)
{
	return put_tls(r, to, room, false);
}

/* {one|two}: what capture rules have kept. */
static int
put_hr(const struct record *r, char *to, size_t room)
{
	const struct lb_fates *f = r->s == NULL ? NULL : r->s->fates;
	const struct lb_capture *c = f == NULL ? NULL : f->captures;
	size_t len = 0;

	if (c == NULL)
		return 0;
	for (char mark = '{'; c != NULL && len + c->len + 3 < room;
	    c = c->next, mark = '|') {
		to[len++] = mark;
		memcpy(to + len, c->text, c->len);
		len += c->len;
	}
	to[len++] = '}';
	return (int)len;
}

static int
put_ID(const struct record *r, char *to, size_t room)
{
	const struct lb_format *f = r->s->front->conf->unique_id;

	return f == NULL ? 0 :
	    (int)lb_record_format(r->s, r->end, f, to, room);
}

static const struct alias {
	const char *name;
	int (*put)(const struct record *, char *to, size_t room);
} aliases[] = {
	{ "B", put_B }, { "H", put_H }, { "ID", put_ID }, { "T", put_T },
	{ "Ta", put_Tt }, { "Tc", put_Tc }, { "Td", put_Td }, { "Th", put_Th },
	{ "Ti", put_Ti }, { "Tl", put_Tl }, { "Tq", put_Tq }, { "Ts", put_Ts },
	{ "Tt", put_Tt }, { "Tu", put_Tt }, { "Tw", put_Tw }, { "U", put_U },
	{ "ac", put_ac }, { "b", put_b }, { "bc", put_bc }, { "bi", put_bi },
	{ "bp", put_bp }, { "bq", put_bq }, { "ci", put_ci }, { "cp", put_cp },
	{ "f", put_f }, { "fc", put_fc }, { "fi", put_fi }, { "fp", put_fp },
	{ "ft", put_ft }, { "hr", put_hr }, { "lc", put_lc }, { "ms", put_ms },
	{ "pid", put_pid }, { "rc", put_rc }, { "rt", put_rt }, { "s", put_s },
	{ "sc", put_sc }, { "si", put_si }, { "sp", put_sp }, { "sq", put_sq },
	{ "sslc", put_sslc }, { "sslv", put_sslv }, { "t", put_t },
	{ "ts", put_ts }, { "tsc", put_tsc },
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct alias *)a)->name,
	    ((const struct alias *)b)->name);
}

/* ---- formats ----------------------------------------------------------- */

/* Escapes what would break the quotes of a value. */
static size_t
copy_escaped(char *to, size_t room, struct text t)
{
	size_t len = 0;

	for (size_t i = 0; i < t.len && len + 2 < room; i++) {
		if (t.at[i] == '"' || t.at[i] == '\\' || t.at[i] == ']')
			to[len++] = '\\';
		to[len++] = t.at[i];
	}
	return len;
}

static size_t
copy_plain(char *to, size_t room, struct text t)
{
	if (t.len > room)
		t.len = room;
	memcpy(to, t.at, t.len);
	return t.len;
}

static size_t
put_alias(struct record *r, const struct lb_part *part, char *to, size_t room)
{
	const struct alias *row;
	int len;

	row = bsearch(&(struct alias){ .name = part->alias->name }, aliases,
	    sizeof aliases / sizeof *aliases, sizeof *aliases, compare_names);
	if (row == NULL)
		return 0;
	r->flags = part->flags;
	len = row->put(r, to, room);
	return len < 0 ? 0 : (size_t)len < room ? (size_t)len : room - 1;
}

size_t
lb_record_alone(const struct lb_part *part, char *to, size_t room)
{
	static const char *const names[] = { "H", "T", "Tl", "Ts", "ms",
	    "pid", "t" };
	struct record r = { .s = NULL };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(part->alias->name, names[i]) == 0) {
			set_date(&r, clock_wall());
			return put_alias(&r, part, to, room);
		}
	return 0;
}

/* Numbers, dates and letters never are. */
static bool
is_quoted(const struct lb_part *part)
{
	static const char *const texts[] = { "H", "ID", "b", "bi", "ci", "f",
	    "fi", "ft", "hr", "s", "si", "sslc", "sslv" };

	if ((part->flags & LB_PART_QUOTED) == 0)
		return false;
	if (part->kind != LB_PART_ALIAS)
		return true;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(texts[i], part->alias->name) == 0)
			return true;
	return false;
}

size_t
lb_record_wrap(const struct lb_part *part, struct text t, char *to,
    size_t room)
{
	bool quoted = is_quoted(part);
	size_t len = 0;

	if (quoted && room > 2)
		to[len++] = '"';
	len += part->flags & LB_PART_ESCAPED ?
	    copy_escaped(to + len, room - len - 1, t) :
	    copy_plain(to + len, room - len - 1, t);
	if (quoted && room > 2)
		to[len++] = '"';
	return len;
}

static size_t
put_part(struct record *r, const struct lb_part *part, char *to, size_t room)
{
	char value[VALUE_MOST];
	struct text t = { value, 0 };

	if (part->kind == LB_PART_TEXT)
		return copy_plain(to, room, text_of(part->text));
	t.len = part->kind == LB_PART_EXPR ?
	    lb_sampling_print(r->s, part->expr, value, sizeof value) :
	    put_alias(r, part, value, sizeof value);
	if (part->kind == LB_PART_ALIAS &&
	    strcmp(part->alias->name, "o") == 0)
		return 0;
	if (t.len == 0 && !is_quoted(part))
		t = TEXT("-");
	return lb_record_wrap(part, t, to, room);
}

static size_t
put_format(struct record *r, const struct lb_format *f, char *to, size_t room)
{
	size_t len = 0;

	for (unsigned i = 0; i < f->count && len + 4 < room; i++)
		len += put_part(r, &f->parts[i], to + len, room - len);
	to[len] = '\0';
	return len;
}

size_t
lb_record_format(struct lb_session *s, const struct lb_end *end,
    const struct lb_format *f, char *to, size_t room)
{
	struct record r = look_at(s, end);

	return put_format(&r, f, to, room);
}

/* ---- the usual lines --------------------------------------------------- */

static size_t
put_tcp(struct record *r, char *to, size_t room)
{
	struct lb_session *s = r->s;
	char ip[ADDRESS_TEXT], date[64], letters[3] = "--";

	if (r->end != NULL)
		lb_reasons_letters(s, r->end, letters);
	put_date(r, date, sizeof date, &r->local, true);
	return (size_t)snprintf(to, room, "%s:%u [%s] %s%s %s/%s "
	    "%d/%d/%s%lld %s%llu %s %u/%u/%u/%u/%s%u %u/%u",
	    endpoint_ip(&s->src, ip), s->src.port, date, s->front->conf->name,
	    s->flags & LB_FLOW_TLS_COUNTED ? "~" : "",
	    (s->backend != NULL ? s->backend : s->front)->conf->name,
	    server_name(r), s->queue_ms, s->connect_ms, sign_of(r),
	    (long long)total_ms(r), sign_of(r),
	    (unsigned long long)s->bytes_out, letters, r->process, r->front,
	    r->back, r->server,
	    s->flags & LB_FLOW_REDISPATCHED ? "+" : "", s->retries,
	    s->waiter.ahead_server, s->waiter.ahead_backend);
}

static size_t
put_connect(struct record *r, char *to, size_t room)
{
	char from[ADDRESS_TEXT], dest[ADDRESS_TEXT];
	struct endpoint e = lb_tuple_dst(r->s);
	const struct lb_proxy_conf *f = r->s->front->conf;

	return (size_t)snprintf(to, room, "Connect from %s:%u to %s:%u (%s/%s)",
	    endpoint_ip(&r->s->src, from), r->s->src.port,
	    endpoint_ip(&e, dest), e.port, f->name,
	    f->mode == LB_MODE_HTTP ? "HTTP" : "TCP");
}

static size_t
put_line(struct record *r, char *to, size_t room)
{
	const struct lb_proxy_conf *f = r->s->front->conf;

	if (f->log_kind == LB_LOGS_FORMAT && f->log_format != NULL)
		return put_format(r, f->log_format, to, room);
	if (f->log_kind == LB_LOGS_CONNECT)
		return put_connect(r, to, room);
	return put_tcp(r, to, room);
}

/* ---- whether, and how loud --------------------------------------------- */

static bool
is_error(const struct lb_session *s, const struct lb_end *end)
{
	return end != NULL && (end->cause != '-' || s->retries > 0 ||
	    (s->flags & LB_FLOW_REDISPATCHED));
}

/* Read, or standing in the kernel still. */
static bool
client_spoke(const struct lb_session *s)
{
	return s->bytes_in > 0 || s->hold != NULL ||
	    (s->client != NULL && conn_unread(s->client));
}

static bool
is_wanted(const struct lb_session *s, const struct lb_end *end)
{
	unsigned options = s->front->conf->options;

	if (lb_world()->logs[s->front->number] == NULL ||
	    (s->flags & LB_FLOW_SILENT))
		return false;
	if ((options & (1u << LB_OPT_DONTLOG_NORMAL)) && !is_error(s, end))
		return false;
	return !(options & (1u << LB_OPT_DONTLOGNULL)) || end == NULL ||
	    client_spoke(s);
}

static enum lb_log_level
level_of(const struct lb_session *s, const struct lb_end *end)
{
	if (s->log_level >= 0)
		return (enum lb_log_level)s->log_level;
	if ((s->front->conf->options & (1u << LB_OPT_LOG_SEPARATE_ERRORS)) &&
	    is_error(s, end))
		return LB_LOG_ERR;
	return LB_LOG_INFO;
}

/* Apart: its lines are cleared, and most sessions write none. */
static __attribute__((noinline)) void
write_line(struct lb_session *s, const struct lb_end *end)
{
	struct lb_logs *logs = lb_world()->logs[s->front->number];
	const struct lb_proxy_conf *f = s->front->conf;
	char line[LINE_MOST], sd[1024];
	struct text data = TEXT_NONE;
	struct record r;
	size_t len;

	r = look_at(s, end);
	r.serial = atomic_fetch_add(&s->front->lines, 1);
	len = put_line(&r, line, sizeof line);
	if (len >= sizeof line)
		len = sizeof line - 1;
	if (f->log_sd != NULL)
		data = (struct text){ sd,
		    put_format(&r, f->log_sd, sd, sizeof sd) };
	lb_logs_send(logs, level_of(s, end), (struct text){ line, len }, data);
	if (end == NULL)
		s->flags |= LB_FLOW_LOGGED;
}

void
lb_record_write(struct lb_session *s, const struct lb_end *end)
{
	if (is_wanted(s, end) && !(s->flags & LB_FLOW_LOGGED))
		write_line(s, end);
}

void
lb_record_failure(struct lb_session *s, const char *text)
{
	const struct lb_proxy_conf *f = s->front->conf;
	struct record r = look_at(s, NULL);
	char line[1024], ip[ADDRESS_TEXT], date[64];
	int len;

	put_date(&r, date, sizeof date, &r.local, true);
	if (f->error_format != NULL)
		len = (int)put_format(&r, f->error_format, line, sizeof line);
	else
		len = snprintf(line, sizeof line, "%s:%u [%s] %s/%s: %s",
		    endpoint_ip(&s->src, ip), s->src.port, date, f->name,
		    lb_tuple_door(s), text);
	lb_logs_send(lb_world()->logs[s->front->number], LB_LOG_INFO,
	    (struct text){ line, (size_t)(len < (int)sizeof line ? len :
	    (int)sizeof line - 1) }, TEXT_NONE);
}
