/* SPDX-License-Identifier: ISC */
/*
 * sampling.c - fetches, one row each, and the walk over an expression. What
 * has no row here is not carried out (yet): lb_sampling_missing names it.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "balancer/casting.h"
#include "balancer/conversion.h"
#include "balancer/door.h"
#include "balancer/fetch_answer.h"
#include "balancer/fetch_http.h"
#include "balancer/fates.h"
#include "balancer/fetch_state.h"
#include "balancer/fetch_table.h"
#include "balancer/fetch_tls.h"
#include "balancer/fetch_var.h"
#include "balancer/fetches.h"
#include "balancer/hello.h"
#include "balancer/sampling.h"
#include "balancer/tuple.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/socket.h"
#include "net/tls.h"

enum { MOST_LOOPS = 256 };

static struct lb_scene *scenes[MOST_LOOPS];

struct lb_scene *
lb_sampling_scene(struct lb_session *s, const struct lb_proxy *p)
{
	struct lb_scene **own = &scenes[loop_number(loop_here())];
	struct lb_scene *scene = *own;

	if (scene == NULL)
		scene = *own = mem_need(sizeof *scene);
	/* A request is of one session, while it is decided upon. */
	if (scene->session != s)
		scene->http = NULL;
	scene->session = s;
	scene->proxy = p;
	scene->variables = NULL;
	scene->server = NULL;
	scene->fd = -1;
	scene->request = scene->response = TEXT_NONE;
	scene->rule = NULL;
	scene->nth = 0;
	if (s != NULL && s->hold != NULL)
		scene->request = (struct text){ s->hold->at, s->hold->len };
	scene->final = scene->waits = scene->expects_proxy = false;
	scene->used = 0;
	return scene;
}

/* ---- putting values ---------------------------------------------------- */

static bool
put_text(struct lb_value *v, struct text t)
{
	v->type = LB_TYPE_STR;
	v->text = t;
	return t.at != NULL;
}

static bool
put_bytes(struct lb_value *v, struct text t)
{
	v->type = LB_TYPE_BIN;
	v->text = t;
	return true;
}

static bool
put_ip(struct lb_value *v, const struct endpoint *e)
{
	if (e->family != AF_INET && e->family != AF_INET6)
		return false;
	v->type = e->family == AF_INET ? LB_TYPE_IPV4 : LB_TYPE_IPV6;
	memcpy(v->ip, e->ip, sizeof v->ip);
	return true;
}

/* ---- fetches ----------------------------------------------------------- */

#define FETCH(name, ...)						\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	struct lb_session *s = c->session;				\
									\
	(void)s;							\
	return __VA_ARGS__;						\
}

FETCH(always_true, lb_scene_truth(v, true))
FETCH(always_false, lb_scene_truth(v, false))
FETCH(bool, lb_scene_truth(v, a[0].text != NULL && (strcmp(a[0].text, "1") == 0 ||
    strcmp(a[0].text, "true") == 0 || strcmp(a[0].text, "yes") == 0)))
FETCH(int, lb_scene_number(v, a[0].number))
FETCH(str, put_text(v, text_of(a[0].text)))
FETCH(env, put_text(v, text_of(getenv(a[0].text))))
FETCH(hostname, put_text(v, text_of(lb_world()->hostname)))
FETCH(one, lb_scene_number(v, 1))
FETCH(pid, lb_scene_number(v, getpid()))
FETCH(thread, lb_scene_number(v, loop_number(loop_here())))
FETCH(act_conn, lb_scene_number(v, atomic_load(&lb_world()->sessions)))
FETCH(stopping, lb_scene_truth(v, lb_world()->stopping))
FETCH(uptime, lb_scene_number(v, (loop_now(loop_here()) - lb_world()->started) /
    CLOCK_SECOND))
FETCH(date_us, lb_scene_number(v, clock_wall() % CLOCK_SECOND))
FETCH(total, lb_scene_number(v, s == NULL ? 0 :
    (loop_now(loop_here()) - s->accepted) / CLOCK_MS))
FETCH(wait_end, c->final ? lb_scene_truth(v, true) : lb_scene_wait(c))

static bool
get_date(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	int64_t now = clock_wall(), unit = CLOCK_SECOND;

	if (a[1].text != NULL && strcmp(a[1].text, "ms") == 0)
		unit = CLOCK_MS;
	else if (a[1].text != NULL && strcmp(a[1].text, "us") == 0)
		unit = 1;
	return lb_scene_number(v, now / unit +
	    (a[0].kind == LB_ARG_NONE ? 0 : a[0].number));
}

static bool
get_rand(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	uint64_t n = (uint64_t)random() ^ ((uint64_t)random() << 31);

	return lb_scene_number(v, (int64_t)(a[0].kind != LB_ARG_NONE &&
	    a[0].number > 0 ? n % (uint64_t)a[0].number : n & UINT32_MAX));
}

static int
hex_digit(char x)
{
	return x >= '0' && x <= '9' ? x - '0' : x >= 'a' && x <= 'f' ?
	    x - 'a' + 10 : x >= 'A' && x <= 'F' ? x - 'A' + 10 : -1;
}

static bool
get_bin(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	size_t len = strlen(a[0].text);
	char *to = lb_scene_room(c, len / 2 + 1);

	if (to == NULL || len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(a[0].text[i]);
		int low = hex_digit(a[0].text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i / 2] = (char)(high * 16 + low);
	}
	return put_bytes(v, (struct text){ to, len / 2 });
}

static bool
get_capture(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	const struct lb_capture *k = c->session == NULL ||
	    c->session->fates == NULL ? NULL : c->session->fates->captures;

	for (int64_t i = a[0].number; k != NULL && i > 0; i--)
		k = k->next;
	return k != NULL && put_text(v, (struct text){ k->text, k->len });
}

static bool
get_ipv4(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	v->type = LB_TYPE_IPV4;
	memcpy(v->ip, a[0].ip, sizeof v->ip);
	return true;
}

static bool
get_ipv6(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	v->type = LB_TYPE_IPV6;
	memcpy(v->ip, a[0].ip, sizeof v->ip);
	return true;
}

/* Addresses. */

FETCH(src, s != NULL && put_ip(v, &s->src))
FETCH(src_port, s != NULL && lb_scene_number(v, s->src.port))

static bool
get_dst(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct endpoint e;

	if (c->session == NULL)
		return false;
	e = lb_tuple_dst(c->session);
	return put_ip(v, &e);
}

FETCH(dst_port, s != NULL && lb_scene_number(v, lb_tuple_dst(s).port))

static bool
ask_socket(const struct lb_scene *c, int (*name)(int, struct address *),
    struct endpoint *e)
{
	struct address a;

	if (c->session == NULL || c->session->client == NULL ||
	    name(conn_fd(c->session->client), &a) < 0)
		return false;
	*e = address_endpoint(&a);
	return true;
}

static bool
get_fc_src(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct endpoint e;

	return ask_socket(c, socket_peer, &e) && put_ip(v, &e);
}

static bool
get_fc_src_port(struct lb_scene *c, const struct lb_arg *a,
    struct lb_value *v)
{
	struct endpoint e;

	return ask_socket(c, socket_peer, &e) && lb_scene_number(v, e.port);
}

static bool
get_fc_dst(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct endpoint e;

	return ask_socket(c, socket_local, &e) && put_ip(v, &e);
}

static bool
get_fc_dst_port(struct lb_scene *c, const struct lb_arg *a,
    struct lb_value *v)
{
	struct endpoint e;

	return ask_socket(c, socket_local, &e) && lb_scene_number(v, e.port);
}

/* The server's side: of the session, or of the check. */
static bool
ask_server_side(const struct lb_scene *c, bool ours, struct endpoint *e)
{
	struct address a;

	if (c->session != NULL) {
		*e = (ours ? lb_tuple_server_local : lb_tuple_server)(
		    c->session);
		return true;
	}
	if (c->fd < 0 || (ours ? socket_local : socket_peer)(c->fd, &a) < 0)
		return false;
	*e = address_endpoint(&a);
	return true;
}

#define SERVER_SIDE(name, ours, put)					\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	struct endpoint e;						\
									\
	return ask_server_side(c, ours, &e) && put;			\
}

SERVER_SIDE(bc_src, true, put_ip(v, &e))
SERVER_SIDE(bc_dst, false, put_ip(v, &e))
SERVER_SIDE(bc_src_port, true, lb_scene_number(v, e.port))
SERVER_SIDE(bc_dst_port, false, lb_scene_number(v, e.port))

static bool
is_ours(const struct lb_scene *c, struct endpoint e, struct lb_value *v)
{
	char ip[ADDRESS_TEXT];
	struct address a;
	int fd, code;

	if ((e.family != AF_INET && e.family != AF_INET6) ||
	    address_ip(text_of(endpoint_ip(&e, ip)), 0, &a) < 0)
		return false;
	fd = socket(e.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	code = bind(fd, &a.sa, a.len);
	close(fd);
	return lb_scene_truth(v, code == 0);
}

FETCH(src_is_local, s != NULL && is_ours(c, s->src, v))
FETCH(dst_is_local, s != NULL && is_ours(c, lb_tuple_dst(s), v))

/* Names and numbers. */

FETCH(fe_id, s != NULL && lb_scene_number(v, s->front->conf->id))
FETCH(fe_name, s != NULL && put_text(v, text_of(s->front->conf->name)))
FETCH(fe_defbe, s != NULL && s->front->conf->default_backend != NULL &&
    put_text(v, text_of(s->front->conf->default_backend->name)))

/* Of the session, or of the check. */
static const struct lb_proxy_conf *
backend_of(const struct lb_scene *c)
{
	const struct lb_proxy *p = c->session != NULL ? c->session->backend :
	    c->server != NULL ? c->server->proxy : NULL;

	return p == NULL ? NULL : p->conf;
}

static const struct lb_server_conf *
server_of(const struct lb_scene *c)
{
	const struct lb_server *s = c->session != NULL ? c->session->server :
	    c->server;

	return s == NULL ? NULL : s->conf;
}

FETCH(be_id, backend_of(c) != NULL && lb_scene_number(v, backend_of(c)->id))
FETCH(be_name, backend_of(c) != NULL &&
    put_text(v, text_of(backend_of(c)->name)))
FETCH(srv_id, server_of(c) != NULL && lb_scene_number(v, server_of(c)->id))
FETCH(srv_name, server_of(c) != NULL &&
    put_text(v, text_of(server_of(c)->name)))
FETCH(so_id, s != NULL && lb_scene_number(v, s->door->number))
FETCH(so_name, s != NULL && put_text(v, text_of(s->door->name)))
FETCH(dst_conn, s != NULL && lb_scene_number(v, atomic_load(&s->door->sessions)))

/* Frontends; the argument is resolved, or the current one. */

static struct lb_proxy *
front_of(const struct lb_scene *c, const struct lb_arg *a)
{
	if (a->kind != LB_ARG_NONE && a->proxy != NULL)
		return lb_world_proxy(a->proxy);
	return c->session != NULL ? c->session->front : NULL;
}

static bool
get_fe_conn(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct lb_proxy *p = front_of(c, a);

	return p != NULL && lb_scene_number(v, atomic_load(&p->front_sessions));
}

static bool
get_fe_sess_rate(struct lb_scene *c, const struct lb_arg *a,
    struct lb_value *v)
{
	struct lb_proxy *p = front_of(c, a);

	return p != NULL && lb_scene_number(v, rate_read(&p->session_rate,
	    loop_now(loop_here())));
}

/* No request is ever forwarded. */
FETCH(fe_req_rate, lb_scene_number(v, 0))

/* Backends. */

static struct lb_proxy *
back_of(const struct lb_scene *c, const struct lb_arg *a)
{
	if (a->kind != LB_ARG_NONE && a->proxy != NULL)
		return lb_world_proxy(a->proxy);
	if (c->session != NULL && c->session->backend != NULL)
		return c->session->backend;
	return (struct lb_proxy *)(uintptr_t)c->proxy;
}

/* Slots that are still free, and places in the servers' lines. */
static int64_t
count_slots(const struct lb_proxy *p, bool with_queues)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < p->server_count; i++) {
		const struct lb_server *s = p->servers[i];

		if (!lb_server_usable(s))
			continue;
		if (s->maxconn == 0 ||
		    (with_queues && s->conf->maxqueue == 0))
			return -1;
		sum += (int64_t)s->maxconn - s->served;
		if (with_queues)
			sum += s->conf->maxqueue - (int64_t)s->queue.count;
	}
	return sum;
}

static int64_t
average_queue(const struct lb_proxy *p)
{
	unsigned n = p->active > 0 ? p->active : p->backups;

	return n > 0 ? (p->queued + n - 1) / n : p->queued * 9999 + 9999;
}

#define BACK(name, value)						\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	struct lb_proxy *p = back_of(c, a);				\
									\
	if (p == NULL)							\
		return false;						\
	lb_proxy_lock(p);						\
	lb_scene_number(v, value);						\
	lb_proxy_unlock(p);						\
	return true;							\
}

BACK(nbsrv, p->active > 0 ? p->active : p->backups)
BACK(avg_queue, average_queue(p))
BACK(queue, p->queued)
BACK(be_conn, p->sessions)
BACK(be_conn_free, count_slots(p, false))
BACK(connslots, count_slots(p, true))
BACK(be_sess_rate, rate_read(&p->rate, loop_now(loop_here())))

/* Servers. */

#define SERVER(name, value)						\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	struct lb_server *s = lb_world_server(a[0].server);		\
									\
	if (s == NULL)							\
		return false;						\
	lb_proxy_lock(s->proxy);					\
	lb_scene_number(v, value);						\
	lb_proxy_unlock(s->proxy);					\
	return true;							\
}

SERVER(srv_conn, s->served)
SERVER(srv_conn_free, s->maxconn == 0 ? -1 : (int64_t)s->maxconn - s->served)
SERVER(srv_queue, s->queue.count)
SERVER(srv_sess_rate, rate_read(&s->rate, loop_now(loop_here())))
SERVER(srv_weight, (s->eweight + LB_WEIGHT_SCALE - 1) / LB_WEIGHT_SCALE)
SERVER(srv_uweight, s->weight)
SERVER(srv_iweight, s->first_weight)
SERVER(srv_up, lb_server_reachable(s))

static bool
get_srv_is_up(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	bool found = get_srv_up(c, a, v);

	v->type = LB_TYPE_BOOL;
	return found;
}

/* Bytes in hand. */

/* A length may still grow: what is not true of it yet may become true. */
static bool
tell_length(struct lb_scene *c, struct text t, struct lb_value *v)
{
	c->waits = !c->final;
	return lb_scene_number(v, (int64_t)t.len);
}

FETCH(req_len, tell_length(c, c->request, v))
FETCH(res_len, tell_length(c, c->response, v))

static bool
cut(struct lb_scene *c, struct text t, int64_t from, int64_t len,
    struct lb_value *v)
{
	if (from < 0 || (uint64_t)from > t.len)
		return lb_scene_wait(c);
	if (len == 0) {			/* all there is, when all is there */
		if (!c->final)
			return lb_scene_wait(c);
		len = (int64_t)t.len - from;
	}
	if ((uint64_t)from + (uint64_t)len > t.len)
		return lb_scene_wait(c);
	return put_bytes(v, (struct text){ t.at + from, (size_t)len });
}

FETCH(req_payload, cut(c, c->request, a[0].number, a[1].number, v))
FETCH(res_payload, cut(c, c->response, a[0].number, a[1].number, v))

static bool
cut_counted(struct lb_scene *c, struct text t, const struct lb_arg *a,
    struct lb_value *v)
{
	uint64_t at = (uint64_t)a[0].number, size = (uint64_t)a[1].number;
	uint64_t from = at + size;
	int64_t len = 0;

	if (at + size > t.len)
		return lb_scene_wait(c);
	for (uint64_t i = 0; i < size; i++)
		len = len << 8 | (unsigned char)t.at[at + i];
	if (a[2].kind != LB_ARG_NONE && a[2].text != NULL &&
	    (a[2].text[0] == '+' || a[2].text[0] == '-'))
		from = (uint64_t)((int64_t)from + a[2].number);
	else if (a[2].kind != LB_ARG_NONE)
		from = (uint64_t)a[2].number;
	return len > 0 && cut(c, t, (int64_t)from, len, v);
}

FETCH(req_payload_lv, cut_counted(c, c->request, a, v))
FETCH(res_payload_lv, cut_counted(c, c->response, a, v))

static bool
look_at_hello(struct lb_scene *c, struct text t, struct lb_hello_facts *f)
{
	enum lb_hello h = lb_hello_read(t, f);

	if (h == LB_HELLO_SHORT)
		return lb_scene_wait(c);
	return h == LB_HELLO_WHOLE;
}

static bool
put_groups(struct lb_scene *c, struct text shares, struct lb_value *v)
{
	char *to = lb_scene_room(c, shares.len);

	return to != NULL && put_bytes(v, (struct text){ to,
	    lb_hello_groups(shares, to, shares.len) });
}

#define HELLO(name, ...)						\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	struct lb_hello_facts f;					\
									\
	return look_at_hello(c, c->request, &f) && __VA_ARGS__;		\
}

HELLO(hello_type, lb_scene_number(v, f.type))
HELLO(hello_sni, f.sni.len > 0 && put_text(v, f.sni))
HELLO(hello_ver, lb_scene_number(v, (int64_t)(f.version >> 8) << 16 |
    (f.version & 0xff)))
HELLO(hello_alpn, f.alpn.len > 1 &&
    put_text(v, text_from(f.alpn, 1)) &&
    (v->text.len = lb_hello_first(f.alpn)) > 0)
HELLO(hello_ec, lb_scene_truth(v, f.has_curves))
HELLO(hello_st, lb_scene_number(v, f.has_tickets + f.has_ticket))
HELLO(hello_ciphers, f.ciphers.len > 0 && put_bytes(v, f.ciphers))
HELLO(hello_groups, f.groups.len > 0 && put_bytes(v, f.groups))
HELLO(hello_sigalgs, f.sigalgs.len > 0 && put_bytes(v, f.sigalgs))
HELLO(hello_shares, f.shares.len > 0 && put_groups(c, f.shares, v))

static bool
get_answer_type(struct lb_scene *c, const struct lb_arg *a,
    struct lb_value *v)
{
	struct lb_hello_facts f;

	return look_at_hello(c, c->response, &f) && lb_scene_number(v, f.type);
}

/*
 * The first request of RDP: 4 bytes of TPKT, 7 of X.224, then "Cookie:
 * NAME=VALUE" and an end of line.
 */
static bool
find_rdp(struct lb_scene *c, const struct lb_arg *a, struct text *value)
{
	enum { HEADS = 11 };
	static const char word[] = "Cookie: ";
	struct text t = c->request, line, name;
	bool is_one = t.len < 2 || (t.at[0] == 3 && t.at[1] == 0);

	if (!is_one)
		return false;
	if (t.len < HEADS ||
	    memchr(t.at + HEADS, '\n', t.len - HEADS) == NULL)
		return lb_scene_wait(c);
	line = text_from(t, HEADS);
	line.len = (size_t)((const char *)memchr(line.at, '\n', line.len) -
	    line.at);
	if (!text_begins(line, word))
		return false;
	line = text_trim(text_from(line, sizeof word - 1));
	text_split(&line, '=', &name);
	if (line.at == NULL || (a[0].kind != LB_ARG_NONE &&
	    !text_is_nocase(name, a[0].text)))
		return false;
	*value = line;
	return true;
}

static bool
get_rdp(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text value;

	return find_rdp(c, a, &value) && put_text(v, value);
}

static bool
get_rdp_cnt(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text value;
	bool found = find_rdp(c, a, &value);

	return lb_scene_number(v, found);
}

/* Is it an HTTP request so far? A method, a blank, a path. */
static bool
get_proto_http(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text t = c->request, word;

	if (memchr(t.at == NULL ? "" : t.at, '\n', t.len) == NULL) {
		for (size_t i = 0; i < t.len; i++)
			if ((unsigned char)t.at[i] < ' ' && t.at[i] != '\r')
				return lb_scene_truth(v, false);
		return lb_scene_wait(c);
	}
	return lb_scene_truth(v, text_word(&t, " ", &word) && word.len > 0 &&
	    text_word(&t, " ", &word) && text_word(&t, " \r\n", &word) &&
	    text_begins(word, "HTTP/"));
}

/* TLS of the client. */

FETCH(ssl_fc, lb_scene_truth(v, s != NULL && s->client != NULL &&
    tls_is_on(s->client)))
FETCH(ssl_fc_has_crt, s != NULL && s->client != NULL &&
    lb_scene_truth(v, tls_peer_has_cert(s->client)))
FETCH(ssl_bc, lb_scene_truth(v, s != NULL && s->server_conn != NULL &&
    tls_is_on(s->server_conn)))

static const struct lb_scene_row rows[] = {
	{ "always_true", get_always_true },
	{ "always_false", get_always_false },
	{ "bool", get_bool }, { "int", get_int }, { "str", get_str },
	{ "ipv4", get_ipv4 }, { "ipv6", get_ipv6 }, { "env", get_env },
	{ "hostname", get_hostname }, { "nbproc", get_one },
	{ "proc", get_one }, { "pid", get_pid }, { "thread", get_thread },
	{ "act_conn", get_act_conn }, { "stopping", get_stopping },
	{ "uptime", get_uptime }, { "date", get_date },
	{ "date_us", get_date_us }, { "rand", get_rand },
	{ "txn.timer.total", get_total }, { "wait_end", get_wait_end },
	{ "src_is_local", get_src_is_local },
	{ "dst_is_local", get_dst_is_local },
	{ "bin", get_bin }, { "capture.req.hdr", get_capture },
	{ "src", get_src }, { "src_port", get_src_port },
	{ "dst", get_dst }, { "dst_port", get_dst_port },
	{ "fc_src", get_fc_src }, { "fc_src_port", get_fc_src_port },
	{ "fc_dst", get_fc_dst }, { "fc_dst_port", get_fc_dst_port },
	{ "bc_src", get_bc_src }, { "bc_dst", get_bc_dst },
	{ "bc_src_port", get_bc_src_port },
	{ "bc_dst_port", get_bc_dst_port },
	{ "fe_id", get_fe_id }, { "fe_name", get_fe_name },
	{ "fe_defbe", get_fe_defbe }, { "be_id", get_be_id },
	{ "be_name", get_be_name }, { "srv_id", get_srv_id },
	{ "srv_name", get_srv_name }, { "so_id", get_so_id },
	{ "so_name", get_so_name }, { "dst_conn", get_dst_conn },
	{ "fe_conn", get_fe_conn }, { "fe_sess_rate", get_fe_sess_rate },
	{ "nbsrv", get_nbsrv }, { "avg_queue", get_avg_queue },
	{ "queue", get_queue }, { "be_conn", get_be_conn },
	{ "be_conn_free", get_be_conn_free }, { "connslots", get_connslots },
	{ "be_sess_rate", get_be_sess_rate },
	{ "srv_is_up", get_srv_is_up }, { "srv_conn", get_srv_conn },
	{ "srv_conn_free", get_srv_conn_free },
	{ "srv_queue", get_srv_queue },
	{ "srv_sess_rate", get_srv_sess_rate },
	{ "srv_weight", get_srv_weight }, { "srv_uweight", get_srv_uweight },
	{ "srv_iweight", get_srv_iweight },
	{ "req.len", get_req_len }, { "req_len", get_req_len },
	{ "res.len", get_res_len },
	{ "payload", get_req_payload }, { "req.payload", get_req_payload },
	{ "res.payload", get_res_payload },
	{ "payload_lv", get_req_payload_lv },
	{ "req.payload_lv", get_req_payload_lv },
	{ "res.payload_lv", get_res_payload_lv },
	{ "req.ssl_hello_type", get_hello_type },
	{ "req_ssl_hello_type", get_hello_type },
	{ "req.ssl_sni", get_hello_sni }, { "req_ssl_sni", get_hello_sni },
	{ "req.ssl_ver", get_hello_ver }, { "req_ssl_ver", get_hello_ver },
	{ "req.ssl_alpn", get_hello_alpn },
	{ "req.ssl_ec_ext", get_hello_ec },
	{ "req.ssl_st_ext", get_hello_st },
	{ "req.ssl_cipherlist", get_hello_ciphers },
	{ "req.ssl_supported_groups", get_hello_groups },
	{ "req.ssl_sigalgs", get_hello_sigalgs },
	{ "req.ssl_keyshare_groups", get_hello_shares },
	{ "res.ssl_hello_type", get_answer_type },
	{ "rep_ssl_hello_type", get_answer_type },
	{ "res_ssl_hello_type", get_answer_type },
	{ "req_ssl_ec_ext", get_hello_ec }, { "req_ssl_st_ext", get_hello_st },
	{ "req.rdp_cookie", get_rdp }, { "req_rdp_cookie", get_rdp },
	{ "rdp_cookie", get_rdp },
	{ "req.rdp_cookie_cnt", get_rdp_cnt },
	{ "req_rdp_cookie_cnt", get_rdp_cnt },
	{ "rdp_cookie_cnt", get_rdp_cnt },
	{ "fe_req_rate", get_fe_req_rate },
	{ "req.proto_http", get_proto_http },
	{ "req_proto_http", get_proto_http },
	{ "ssl_fc", get_ssl_fc }, { "ssl_fc_has_crt", get_ssl_fc_has_crt },
	{ "ssl_bc", get_ssl_bc },
	{ NULL, NULL }
};

static const struct lb_scene_row *const lists[] = { rows,
    lb_fetch_state_rows, lb_fetch_table_rows, lb_fetch_tls_rows,
    lb_fetch_var_rows, lb_fetch_http_rows, lb_fetch_answer_rows };
static lb_scene_fn **getters;		/* by the place in lb_fetches */

static void
enlist(const struct lb_scene_row *row)
{
	const struct lb_fetch *f;

	for (; row->name != NULL; row++) {
		f = lb_fetches_find(text_of(row->name));
		if (f != NULL)
			getters[f - lb_fetches] = row->get;
	}
}

void
lb_sampling_init(void)
{
	size_t n = 0;

	while (lb_fetches[n].name != NULL)
		n++;
	getters = mem_need((n + 1) * sizeof *getters);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		enlist(lists[i]);
	lb_conversion_init();
}

static lb_scene_fn *
find_getter(const struct lb_expr *e)
{
	return getters == NULL ? NULL : getters[e->fetch - lb_fetches];
}

const char *
lb_sampling_missing(const struct lb_expr *e)
{
	if (e->fetch->class == LB_CLASS_F && find_getter(e) == NULL)
		return e->fetch->name;
	for (unsigned i = 0; i < e->conversions.count; i++) {
		const struct lb_converter *c =
		    e->conversions.at[i]->converter;

		if (c->class == LB_CLASS_F && !lb_conversion_knows(c))
			return c->name;
	}
	return NULL;
}

bool
lb_sampling_get(struct lb_scene *c, const struct lb_expr *e,
    struct lb_value *v)
{
	lb_scene_fn *get = find_getter(e);

	memset(v, 0, sizeof *v);
	if (get == NULL || !get(c, e->args, v))
		return false;
	for (unsigned i = 0; i < e->conversions.count; i++)
		if (!lb_conversion_apply(c, e->conversions.at[i], v))
			return false;
	return true;
}

size_t
lb_sampling_print(struct lb_session *s, const struct lb_expr *e, char *to,
    size_t room)
{
	struct lb_scene *c = lb_sampling_scene(s,
	    s->backend != NULL ? s->backend : s->front);
	struct lb_value v;

	c->final = true;
	if (!lb_sampling_get(c, e, &v) || !lb_casting_text(c, &v))
		return 0;
	if (v.text.len > room)
		v.text.len = room;
	memcpy(to, v.text.at, v.text.len);
	return v.text.len;
}
