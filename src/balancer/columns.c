/* SPDX-License-Identifier: ISC */
/*
 * columns.c - one function and one row of the table for each statistic; what
 * stands where is fixed by those who read by number.
 */
#include "balancer/check.h"
#include "balancer/columns.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/number.h"
#include "stat/csv.h"
#include "stat/json.h"
#include "stat/typed.h"

/* ---- numbers of the row ------------------------------------------------ */

#define PUT(name, call)							\
static void								\
put_##name(struct cell *c, const void *row)				\
{									\
	const struct lb_row *r = row;					\
									\
	(void)r;							\
	call;								\
}

#define NUMBER(name)		PUT(name, cell_count(c, r->name))
#define COUNTED(name, n)	PUT(name, cell_count(c, r->counts[LB_COUNT_##n]))
/* Of proxies that speak HTTP. */
#define HTTP_COUNTED(name, n)						\
	PUT(name, put_if(c, r->http, r->counts[LB_COUNT_##n]))

static void
put_if(struct cell *c, bool has, uint64_t value)
{
	if (has)
		cell_count(c, value);
	else
		cell_none(c);
}

static bool
is_server(const struct lb_row *r)
{
	return r->kind == LB_ROW_SERVER;
}

PUT(none, cell_none(c))
PUT(zero, cell_count(c, 0))
PUT(http_zero, put_if(c, r->http, 0))
PUT(pxname, cell_text(c, r->proxy->conf->name))
PUT(svname, cell_text(c, r->name))
NUMBER(qcur)
NUMBER(qmax)
NUMBER(scur)
NUMBER(smax)
PUT(slim, put_if(c, !is_server(r) || r->slim > 0, r->slim))
NUMBER(stot)
COUNTED(bin, BIN)
COUNTED(bout, BOUT)
COUNTED(dreq, DREQ)
COUNTED(dresp, DRESP)
COUNTED(ereq, EREQ)
COUNTED(econ, ECON)
COUNTED(eresp, ERESP)
COUNTED(wretr, WRETR)
COUNTED(wredis, WREDIS)
COUNTED(cli_abrt, CLI_ABRT)
COUNTED(srv_abrt, SRV_ABRT)
COUNTED(dcon, DCON)
COUNTED(dses, DSES)
COUNTED(connect, CONNECT)
COUNTED(eint, EINT)
COUNTED(reqbin, REQBIN)
COUNTED(reqbout, REQBOUT)
COUNTED(resbin, RESBIN)
COUNTED(resbout, RESBOUT)
COUNTED(ssl_sess, SSL_SESS)
COUNTED(ssl_reused, SSL_REUSED)
COUNTED(ssl_failed, SSL_FAILED)
COUNTED(req_all, REQ)
HTTP_COUNTED(hrsp_1xx, HRSP_1XX)
HTTP_COUNTED(hrsp_2xx, HRSP_2XX)
HTTP_COUNTED(hrsp_3xx, HRSP_3XX)
HTTP_COUNTED(hrsp_4xx, HRSP_4XX)
HTTP_COUNTED(hrsp_5xx, HRSP_5XX)
HTTP_COUNTED(hrsp_other, HRSP_OTHER)
HTTP_COUNTED(intercepted, INTERCEPTED)
PUT(status, cell_text(c, r->status))
NUMBER(weight)
NUMBER(act)
NUMBER(bck)
PUT(chkdown, put_if(c, !is_server(r) || r->checked, r->chkdown))
PUT(lastchg, cell_count(c, (uint64_t)r->lastchg))
PUT(downtime, put_if(c, is_server(r) ? r->checked :
    r->proxy->server_count > 0, (uint64_t)r->downtime))
PUT(pid, cell_count(c, 1))
PUT(iid, cell_count(c, r->proxy->conf->id))
PUT(sid, cell_count(c, r->id))
PUT(throttle, put_if(c, r->throttle > 0, r->throttle))
NUMBER(lbtot)
PUT(type, cell_count(c, r->kind == LB_ROW_FRONTEND ? 0 :
    r->kind == LB_ROW_BACKEND ? 1 : is_server(r) ? 2 : 3))
NUMBER(rate)
PUT(rate_lim, cell_count(c, (uint64_t)r->proxy->conf->session_rate))
NUMBER(rate_max)
NUMBER(req_rate)
NUMBER(req_rate_max)
PUT(req_tot, put_if(c, r->http || r->kind == LB_ROW_FRONTEND,
    r->counts[LB_COUNT_REQ]))
PUT(lastsess, cell_int(c, r->lastsess))
PUT(qtime, cell_count(c, rate_mean(r->times.queue, LB_SAMPLES)))
PUT(ctime, cell_count(c, rate_mean(r->times.connect, LB_SAMPLES)))
PUT(ttime, cell_count(c, rate_mean(r->times.total, LB_SAMPLES)))
PUT(qtime_max, cell_count(c, r->times.queue_most))
PUT(ctime_max, cell_count(c, r->times.connect_most))
PUT(ttime_max, cell_count(c, r->times.total_most))
PUT(mode, cell_text(c, r->http ? "http" : "tcp"))
static const char *
name_algorithm(const struct lb_proxy *p)
{
	return p->conf->balance.algorithm == LB_ALGO_RDP_COOKIE ?
	    "rdp-cookie" : p->balance->name;
}

PUT(algo, cell_text(c, r->legends ? name_algorithm(r->proxy) : NULL))
NUMBER(conn_rate)
NUMBER(conn_rate_max)
NUMBER(conn_tot)
NUMBER(uweight)
NUMBER(up)
NUMBER(passing)
PUT(srid, cell_count(c, 0))
PUT(sess_other, cell_count(c, r->http ? 0 : r->stot))
PUT(h1sess, cell_count(c, r->http ? r->stot : 0))

/* ---- of servers and listeners ------------------------------------------ */

PUT(qlimit, put_if(c, r->server->conf->maxqueue > 0,
    (uint64_t)r->server->conf->maxqueue))
PUT(chkfail, put_if(c, r->checked, r->server->failed_checks))
PUT(hanafail, put_if(c, r->server->conf->observe != LB_OBSERVE_NONE,
    r->server->observed))
PUT(check_rise, put_if(c, r->checked, (uint64_t)r->server->verdicts[0].rise))
PUT(check_fall, put_if(c, r->checked, (uint64_t)r->server->verdicts[0].fall))
PUT(check_health, put_if(c, r->checked,
    (uint64_t)r->server->verdicts[0].health))
PUT(agent_rise, put_if(c, r->agent_checked,
    (uint64_t)r->server->verdicts[1].rise))
PUT(agent_fall, put_if(c, r->agent_checked,
    (uint64_t)r->server->verdicts[1].fall))
PUT(agent_health, put_if(c, r->agent_checked,
    (uint64_t)r->server->verdicts[1].health))

static void
put_tracked(struct cell *c, const void *row)
{
	const struct lb_server *t = ((const struct lb_row *)row)->server->track;

	if (t == NULL)
		cell_none(c);
	else
		cell_print(c, "%.60s/%.60s", t->conf->proxy->name,
		    t->conf->name);
}

static void
put_address(struct cell *c, const struct address *a)
{
	struct endpoint e = address_endpoint(a);
	char text[ADDRESS_TEXT];

	if (a->len == 0)
		cell_none(c);
	else if (a->sa.sa_family == AF_UNIX)
		cell_text(c, "unix");
	else
		cell_print(c, "%s", endpoint_print(&e, text));
}

static void
put_addr(struct cell *c, const void *row)
{
	const struct lb_row *r = row;

	if (!r->legends)
		cell_none(c);
	else
		put_address(c, is_server(r) ? &r->server->address :
		    &r->door->at);
}

static void
put_proto(struct cell *c, const void *row)
{
	switch (((const struct lb_row *)row)->door->at.sa.sa_family) {
	case AF_INET:
		cell_text(c, "tcpv4");
		break;
	case AF_INET6:
		cell_text(c, "tcpv6");
		break;
	default:
		cell_text(c, "unix_stream");
		break;
	}
}

static void
put_cookie(struct cell *c, const void *row)
{
	const struct lb_row *r = row;

	cell_text(c, !r->legends ? NULL : is_server(r) ?
	    r->server->conf->cookie : r->proxy->conf->cookie);
}

/* ---- checks ------------------------------------------------------------ */

/* The check, or the agent's, while it looks after the server; or NULL. */
static const struct lb_check *
check_of(const void *row, bool agent)
{
	const struct lb_row *r = row;

	if (!(agent ? r->agent_checked : r->checked) ||
	    (r->server->admin & LB_ADMIN_MAINT) != 0)
		return NULL;
	return r->server->checks[agent];
}

static void
put_state(struct cell *c, const struct lb_check *k)
{
	if (k == NULL)
		cell_none(c);
	else if (k->conn != NULL)
		cell_print(c, "* %s", lb_check_rows[k->status].word);
	else
		cell_text(c, lb_check_rows[k->status].word);
}

static bool
is_done(const struct lb_check *k)
{
	return k != NULL && k->status >= LB_CHECK_CHECKED;
}

#define OF_CHECK(name, agent, call)					\
static void								\
put_##name(struct cell *c, const void *row)				\
{									\
	const struct lb_check *k = check_of(row, agent);		\
									\
	call;								\
}
#define OF_BOTH(kind, agent, last)					\
	OF_CHECK(kind##_status, agent, put_state(c, k))			\
	OF_CHECK(kind##_code, agent, put_if(c, is_done(k) &&		\
	    lb_check_rows[k->status].has_code,				\
	    k == NULL || k->code < 0 ? 0 : (uint64_t)k->code))		\
	OF_CHECK(kind##_duration, agent, put_if(c, is_done(k),		\
	    k == NULL || k->duration < 0 ? 0 :				\
	    (uint64_t)(k->duration / CLOCK_MS)))			\
	OF_CHECK(kind##_desc, agent, cell_text(c, k == NULL ? NULL :	\
	    lb_check_rows[k->status].text))				\
	OF_CHECK(last, agent, cell_text(c, k == NULL || k->conn != NULL ? \
	    NULL : k->text))

OF_BOTH(check, false, last_chk)
OF_BOTH(agent, true, last_agt)

/* ---- the table --------------------------------------------------------- */

enum {
	L = LB_ROW_LISTENER, F = LB_ROW_FRONTEND, B = LB_ROW_BACKEND,
	S = LB_ROW_SERVER, LF = L | F, LS = L | S, FB = F | B, BS = B | S,
	LFB = LF | B, FBS = F | BS, LFBS = LF | BS
};

#define ROW(name, kind, tags, where, put, help)				\
	{ { #name, COLUMN_##kind, put_##put }, where, #tags, help }

const struct field lb_columns[] = {
	ROW(pxname, TEXT, KNSV, LFBS, pxname,
	    "proxy"),
	ROW(svname, TEXT, KNSV, LFBS, svname,
	    "FRONTEND, BACKEND, or the name of a server or listener"),
	ROW(qcur, U32, MGPV, BS, qcur,
	    "sessions that wait now"),
	ROW(qmax, U32, MMPV, BS, qmax,
	    "most that ever waited at a time"),
	ROW(scur, U32, MGPV, LFBS, scur,
	    "sessions now"),
	ROW(smax, U32, MMPV, LFBS, smax,
	    "most sessions at a time"),
	ROW(slim, U32, CLPV, LFBS, slim,
	    "sessions allowed at a time"),
	ROW(stot, U64, MCPP, LFBS, stot,
	    "sessions since the start"),
	ROW(bin, U64, MCPP, LFBS, bin,
	    "bytes from clients"),
	ROW(bout, U64, MCPP, LFBS, bout,
	    "bytes to clients"),
	ROW(dreq, U64, MCPP, LFB, dreq,
	    "sessions that content rules refused"),
	ROW(dresp, U64, MCPP, LFBS, dresp,
	    "answers that rules refused"),
	ROW(ereq, U64, MCPP, LF, ereq,
	    "errors of clients before there was a request"),
	ROW(econ, U64, MCPP, BS, econ,
	    "connections to servers that failed for good"),
	ROW(eresp, U64, MCPP, BS, eresp,
	    "errors of servers while bytes were carried"),
	ROW(wretr, U64, MCPP, BS, wretr,
	    "connections tried once more"),
	ROW(wredis, U64, MCPP, BS, wredis,
	    "sessions that went to another server instead"),
	ROW(status, TEXT, SGPV, LFBS, status,
	    "OPEN, PAUSED or STOP; UP or DOWN; the state of a server"),
	ROW(weight, U32, MaPV, BS, weight,
	    "weight in force; of a backend the sum of those in use"),
	ROW(act, U32, SGPV, BS, act,
	    "is it active; of a backend how many active ones are usable"),
	ROW(bck, U32, SGPV, BS, bck,
	    "is it a backup; of a backend how many backups are usable"),
	ROW(chkfail, U64, MCPP, S, chkfail,
	    "checks that failed"),
	ROW(chkdown, U64, MCPP, BS, chkdown,
	    "how often it went down"),
	ROW(lastchg, U32, MAPP, BS, lastchg,
	    "seconds since its state changed"),
	ROW(downtime, U32, MCPV, BS, downtime,
	    "seconds that it was down, in all"),
	ROW(qlimit, U32, CLPV, S, qlimit,
	    "most that may wait for it"),
	ROW(pid, U32, KGPV, LFBS, pid,
	    "number of the process, always 1"),
	ROW(iid, U32, KGSV, LFBS, iid,
	    "number of the proxy"),
	ROW(sid, U32, KGSV, LFBS, sid,
	    "number of the server or listener in its proxy"),
	ROW(throttle, U32, MaPV, S, throttle,
	    "percent of its weight that a slow start has reached"),
	ROW(lbtot, U64, MCPP, BS, lbtot,
	    "sessions that the algorithm gave it"),
	ROW(tracked, TEXT, CNSV, S, tracked,
	    "whose state it follows"),
	ROW(type, U32, CGSV, LFBS, type,
	    "0 frontend, 1 backend, 2 server, 3 listener"),
	ROW(rate, U32, MRPP, FBS, rate,
	    "sessions in the last second"),
	ROW(rate_lim, U32, CLPV, F, rate_lim,
	    "sessions allowed in a second"),
	ROW(rate_max, U32, MMPV, FBS, rate_max,
	    "most sessions in a second"),
	ROW(check_status, TEXT, MOPV, S, check_status,
	    "what the last check found; a star: one is under way"),
	ROW(check_code, U32, MOPV, S, check_code,
	    "the code that the last check was answered with"),
	ROW(check_duration, U64, MDPV, S, check_duration,
	    "milliseconds that the last check took"),
	ROW(hrsp_1xx, U64, MCPP, FB, hrsp_1xx,
	    "HTTP answers of 100 to 199"),
	ROW(hrsp_2xx, U64, MCPP, FB, hrsp_2xx,
	    "HTTP answers of 200 to 299"),
	ROW(hrsp_3xx, U64, MCPP, FB, hrsp_3xx,
	    "HTTP answers of 300 to 399"),
	ROW(hrsp_4xx, U64, MCPP, FB, hrsp_4xx,
	    "HTTP answers of 400 to 499"),
	ROW(hrsp_5xx, U64, MCPP, FB, hrsp_5xx,
	    "HTTP answers of 500 to 599"),
	ROW(hrsp_other, U64, MCPP, FB, hrsp_other,
	    "HTTP answers of another kind"),
	ROW(hanafail, U32, MCPV, S, hanafail,
	    "failures seen in real traffic"),
	ROW(req_rate, U32, MRPP, F, req_rate,
	    "HTTP requests in the last second"),
	ROW(req_rate_max, U32, MMPV, F, req_rate_max,
	    "most HTTP requests in a second"),
	ROW(req_tot, U64, MCPP, FB, req_tot,
	    "HTTP requests since the start"),
	ROW(cli_abrt, U64, MCPP, BS, cli_abrt,
	    "transfers that the client cut"),
	ROW(srv_abrt, U64, MCPP, BS, srv_abrt,
	    "transfers that the server cut"),
	ROW(comp_in, U64, MCPP, FB, zero,
	    "bytes given to compression, always 0"),
	ROW(comp_out, U64, MCPP, FB, zero,
	    "bytes that came out of compression, always 0"),
	ROW(comp_byp, U64, MCPP, FB, zero,
	    "bytes that were not compressed, always 0"),
	ROW(comp_rsp, U64, MCPP, FB, zero,
	    "answers that were compressed, always 0"),
	ROW(lastsess, INT4, MAPP, BS, lastsess,
	    "seconds since its last session; -1: none yet"),
	ROW(last_chk, TEXT, MOPV, S, last_chk,
	    "what the last check saw"),
	ROW(last_agt, TEXT, MOPV, S, last_agt,
	    "what the last agent check saw"),
	ROW(qtime, U32, MaPV, BS, qtime,
	    "milliseconds in a queue, mean of about 1024 sessions"),
	ROW(ctime, U32, MaPV, BS, ctime,
	    "milliseconds to connect, mean"),
	ROW(rtime, U32, MaPV, BS, zero,
	    "milliseconds until an answer, always 0"),
	ROW(ttime, U32, MaPV, BS, ttime,
	    "milliseconds of a whole session, mean"),
	ROW(agent_status, TEXT, MOPV, S, agent_status,
	    "what the last agent check found"),
	ROW(agent_code, U32, MOPV, S, agent_code,
	    "the code that the agent answered with"),
	ROW(agent_duration, U64, MDPV, S, agent_duration,
	    "milliseconds that the last agent check took"),
	ROW(check_desc, TEXT, MOPV, S, check_desc,
	    "what check_status means"),
	ROW(agent_desc, TEXT, MOPV, S, agent_desc,
	    "what agent_status means"),
	ROW(check_rise, U32, CGSV, S, check_rise,
	    "good checks in a row that make it UP"),
	ROW(check_fall, U32, CGSV, S, check_fall,
	    "bad checks in a row that make it DOWN"),
	ROW(check_health, U32, CGSV, S, check_health,
	    "0 to rise - 1: DOWN; up to rise + fall - 1: UP"),
	ROW(agent_rise, U32, CGSV, S, agent_rise,
	    "good agent checks in a row that make it UP"),
	ROW(agent_fall, U32, CGSV, S, agent_fall,
	    "bad agent checks in a row that make it DOWN"),
	ROW(agent_health, U32, CGSV, S, agent_health,
	    "as check_health, of the agent"),
	ROW(addr, TEXT, CGSV, LS, addr,
	    "address and port"),
	ROW(cookie, TEXT, CNPV, BS, cookie,
	    "value, or name, of the cookie"),
	ROW(mode, TEXT, CGSV, LFBS, mode,
	    "tcp or http"),
	ROW(algo, TEXT, CGSV, B, algo,
	    "the algorithm that chooses a server"),
	ROW(conn_rate, U32, MRPP, F, conn_rate,
	    "connections in the last second"),
	ROW(conn_rate_max, U32, MMPV, F, conn_rate_max,
	    "most connections in a second"),
	ROW(conn_tot, U64, MCPP, LF, conn_tot,
	    "connections since the start"),
	ROW(intercepted, U64, MCPP, F, intercepted,
	    "requests answered by the program itself"),
	ROW(dcon, U64, MCPP, LF, dcon,
	    "connections that rules refused"),
	ROW(dses, U64, MCPP, LF, dses,
	    "sessions that rules refused"),
	ROW(wrew, U64, MCPP, LFBS, zero,
	    "header rewrites that failed, always 0"),
	ROW(connect, U64, MCPP, BS, connect,
	    "connections tried"),
	ROW(reuse, U64, MCPP, BS, zero,
	    "connections used again, always 0"),
	ROW(cache_lookups, U64, MCPP, FB, http_zero,
	    "looked for in a cache, always 0"),
	ROW(cache_hits, U64, MCPP, FB, http_zero,
	    "found in a cache, always 0"),
	ROW(srv_icur, U32, MGPV, S, zero,
	    "idle connections that may be used again, always 0"),
	ROW(src_ilim, U32, CLPV, S, none,
	    "limit of idle connections: there is none"),
	ROW(qtime_max, U32, MMPV, BS, qtime_max,
	    "most milliseconds in a queue"),
	ROW(ctime_max, U32, MMPV, BS, ctime_max,
	    "most milliseconds to connect"),
	ROW(rtime_max, U32, MMPV, BS, zero,
	    "most milliseconds until an answer, always 0"),
	ROW(ttime_max, U32, MMPV, BS, ttime_max,
	    "most milliseconds of a whole session"),
	ROW(eint, U64, MCPP, LFBS, eint,
	    "errors of the program itself"),
	ROW(idle_conn_cur, U32, MGPV, S, zero,
	    "idle connections, always 0"),
	ROW(safe_conn_cur, U32, MGPV, S, zero,
	    "idle connections that are safe to use, always 0"),
	ROW(used_conn_cur, U32, MGPV, S, scur,
	    "connections in use"),
	ROW(need_conn_est, U32, MGPV, S, scur,
	    "connections that it seems to need"),
	ROW(uweight, U32, MaPV, BS, uweight,
	    "weight as the user set it; of a backend the sum of those in use"),
	ROW(agg_server_status, U32, MGPV, B, up,
	    "servers that are not down"),
	ROW(agg_server_check_status, U32, MGPV, B, up,
	    "the same, under its old name"),
	ROW(agg_check_status, U32, MGPV, B, passing,
	    "servers whose last check passed"),
	ROW(srid, U32, MCPV, S, srid,
	    "number of its revision: how often it was added"),
	ROW(sess_other, U64, MCPV, F, sess_other,
	    "sessions that are not HTTP"),
	ROW(h1sess, U64, MCPP, F, h1sess,
	    "HTTP/1 sessions"),
	ROW(h2sess, U64, MCPP, F, zero,
	    "HTTP/2 sessions, always 0"),
	ROW(h3sess, U64, MCPP, F, zero,
	    "HTTP/3 sessions, always 0"),
	ROW(req_other, U64, MCPP, F, zero,
	    "requests that are not HTTP, always 0"),
	ROW(h1req, U64, MCPP, F, req_all,
	    "HTTP/1 requests"),
	ROW(h2req, U64, MCPP, F, zero,
	    "HTTP/2 requests, always 0"),
	ROW(h3req, U64, MCPP, F, zero,
	    "HTTP/3 requests, always 0"),
	ROW(proto, TEXT, SGPV, L, proto,
	    "what it listens to"),
	ROW(priv_idle_cur, U32, MGPV, S, zero,
	    "idle connections that one client owns, always 0"),
	ROW(reqbin, U64, MCPP, LFBS, reqbin,
	    "bytes read from clients"),
	ROW(reqbout, U64, MCPP, LFBS, reqbout,
	    "bytes sent to servers"),
	ROW(resbin, U64, MCPP, LFBS, resbin,
	    "bytes read from servers"),
	ROW(resbout, U64, MCPP, LFBS, resbout,
	    "bytes sent to clients"),
	{ { "-", COLUMN_TEXT, put_none }, 0, NULL, NULL },
	ROW(ssl_sess, U64, MCPP, LFBS, ssl_sess,
	    "TLS sessions"),
	ROW(ssl_reused_sess, U64, MCPP, LFBS, ssl_reused,
	    "TLS sessions that were resumed"),
	ROW(ssl_failed_handshake, U64, MCPP, LFBS, ssl_failed,
	    "TLS handshakes that failed"),
	ROW(ssl_ocsp_staple, U64, MCPP, LFBS, zero,
	    "OCSP answers handed on, always 0"),
	ROW(ssl_failed_ocsp_staple, U64, MCPP, LFBS, zero,
	    "OCSP answers that were not there, always 0"),
};

const unsigned lb_columns_count = sizeof lb_columns / sizeof *lb_columns;

const struct field *
lb_columns_find(const char *name)
{
	for (unsigned i = 0; i < lb_columns_count; i++)
		if (strcmp(lb_columns[i].column.name, name) == 0)
			return &lb_columns[i];
	die("no column %s", name);
}

/* ---- all of them ------------------------------------------------------- */

void
lb_columns_init(struct lb_columns *a)
{
	*a = (struct lb_columns){ .form = LB_FORM_CSV };
	lb_rows_init(&a->rows);
}

static void
begin(struct lb_columns *a, struct sheet *to)
{
	if (a->form == LB_FORM_CSV)
		csv_head(to, lb_columns, lb_columns_count);
	else if (a->form == LB_FORM_JSON)
		sheet_char(to, '[');
	a->begun = true;
}

static void
put_row(struct lb_columns *a, struct sheet *to, const struct lb_row *row,
    bool first)
{
	struct record r = lb_rows_record(row);

	if (a->form == LB_FORM_CSV)
		csv_row(to, lb_columns, lb_columns_count, &r);
	else if (a->form == LB_FORM_TYPED)
		typed_row(to, lb_columns, lb_columns_count, &r, a->help);
	else {
		if (!first)
			sheet_char(to, ',');
		json_row(to, lb_columns, lb_columns_count, &r);
	}
}

bool
lb_columns_step(struct lb_columns *a, struct sheet *to, unsigned most)
{
	bool first = !a->begun;
	struct lb_row row;

	if (a->ended)
		return false;
	if (a->form == LB_FORM_SCHEMA) {
		sheet_text(to, json_schema);
		a->ended = true;
		return false;
	}
	if (first)
		begin(a, to);
	for (; most > 0; most--, first = false) {
		if (!lb_rows_next(&a->rows, &row)) {
			if (a->form == LB_FORM_JSON)
				sheet_text(to, "]\n");
			a->ended = true;
			return false;
		}
		put_row(a, to, &row, first);
	}
	return true;
}

/* ---- as the console asks ----------------------------------------------- */

static int64_t
number_of(struct text t)
{
	int64_t n;

	return number_int(t, 10, -1, INT32_MAX, &n, NULL) < 0 ? 0 : n;
}

static int
find_proxy(struct lb_columns *a, struct text name)
{
	const struct lb_world *w = lb_world();
	int64_t n;

	if (number_int(name, 10, INT32_MIN, INT32_MAX, &n, NULL) == 0) {
		a->rows.proxy = n;
		return 0;
	}
	for (unsigned i = 0; i < w->count; i++)
		if (text_is(name, w->proxies[i]->conf->name)) {
			a->rows.proxy = w->proxies[i]->conf->id;
			return 0;
		}
	return -1;
}

static void
take_option(struct lb_columns *a, struct text word)
{
	if (text_is(word, "typed"))
		a->form = LB_FORM_TYPED;
	else if (text_is(word, "json"))
		a->form = LB_FORM_JSON;
	else if (text_is(word, "desc"))
		a->help = true;
	else if (text_is(word, "up"))
		a->rows.up = true;
	else if (text_is(word, "no-maint"))
		a->rows.no_maint = true;
}

static bool
is_option(struct text word)
{
	static const char *const options[] = { "typed", "json", "desc", "up",
	    "no-maint", "domain" };

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (text_is(word, options[i]))
			return true;
	return false;
}

int
lb_columns_ask(struct lb_columns *a, const struct text *words,
    unsigned count)
{
	unsigned at = 0;
	int64_t kinds;

	if (count >= 3 && !is_option(words[0])) {
		if (find_proxy(a, words[0]) < 0)
			return -1;
		kinds = number_of(words[1]);
		a->rows.kinds = (unsigned)kinds & LB_ROW_ALL;
		a->rows.object = number_of(words[2]);
		at = 3;
	}
	for (; at < count; at++)
		take_option(a, words[at]);
	return 0;
}
