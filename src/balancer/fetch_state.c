/* SPDX-License-Identifier: ISC */
/* fetch_state.c - what a session is in at the moment. On the scene's loop. */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdio.h>
#include <stdlib.h>

#include <openssl/rand.h>

#include "balancer/door.h"
#include "balancer/fates.h"
#include "balancer/fetch_state.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "net/proxyproto.h"

#define FETCH(name, ...)						\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	struct lb_session *s = c->session;				\
									\
	return s != NULL && __VA_ARGS__;				\
}

/* ---- time-outs --------------------------------------------------------- */

static bool
tell_time(int64_t us, struct lb_value *v)
{
	return us > 0 && lb_scene_number(v, us / CLOCK_MS);
}

#define BACK_TIME(name, field)						\
FETCH(name, s->backend != NULL &&					\
    tell_time(s->backend->conf->timeout.field, v))

FETCH(client_timeout, tell_time(s->front->conf->timeout.client, v))
BACK_TIME(connect_timeout, connect)
BACK_TIME(queue_timeout, queue)
BACK_TIME(server_timeout, server)
BACK_TIME(tarpit_timeout, tarpit)
BACK_TIME(tunnel_timeout, tunnel)

/* ---- the session ------------------------------------------------------- */

FETCH(prio_class, lb_scene_number(v, s->waiter.priority_class))
FETCH(prio_offset, lb_scene_number(v, s->waiter.offset / CLOCK_MS))
FETCH(conn_retries, lb_scene_number(v, s->retries))
FETCH(redispatched, lb_scene_truth(v,
    (s->flags & LB_FLOW_REDISPATCHED) != 0))
FETCH(bytes_in, lb_scene_number(v, (int64_t)s->bytes_in))
FETCH(bytes_out, lb_scene_number(v, (int64_t)s->bytes_out))
FETCH(one, lb_scene_number(v, 1))
FETCH(zero, lb_scene_number(v, 0))

static bool
get_uuid(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	char *to = lb_scene_room(c, 40);
	unsigned char b[16];

	if (to == NULL || RAND_bytes(b, sizeof b) != 1)
		return false;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(to, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
	    b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	v->type = LB_TYPE_STR;
	v->text = text_of(to);
	return true;
}

/* ---- sockets ----------------------------------------------------------- */

static bool
ask_socket(const struct conn *of, struct tcp_info *info)
{
	socklen_t len = sizeof *info;

	memset(info, 0, sizeof *info);
	return of != NULL && conn_fd(of) >= 0 && getsockopt(conn_fd(of),
	    IPPROTO_TCP, TCP_INFO, info, &len) == 0;
}

/* In ms, or in the unit that is asked for. */
static int64_t
in_unit(const struct lb_arg *a, uint32_t us)
{
	return a[0].kind != LB_ARG_NONE && strcmp(a[0].text, "us") == 0 ? us :
	    us / CLOCK_MS;
}

#define OF_SOCKET(name, value)						\
static bool								\
tell_##name(const struct conn *of, const struct lb_arg *a,		\
    struct lb_value *v)							\
{									\
	struct tcp_info i;						\
									\
	return ask_socket(of, &i) && lb_scene_number(v, value);		\
}									\
FETCH(fc_##name, tell_##name(s->client, a, v))				\
FETCH(bc_##name, tell_##name(s->server_conn, a, v))

OF_SOCKET(rtt, in_unit(a, i.tcpi_rtt))
OF_SOCKET(rttvar, in_unit(a, i.tcpi_rttvar))
OF_SOCKET(lost, i.tcpi_lost)
OF_SOCKET(reordering, i.tcpi_reordering)
OF_SOCKET(retrans, i.tcpi_retrans)
OF_SOCKET(sacked, i.tcpi_sacked)
OF_SOCKET(unacked, i.tcpi_unacked)
OF_SOCKET(retransmits, i.tcpi_retransmits)

/* ---- the PROXY header -------------------------------------------------- */

FETCH(rcvd_proxy, lb_scene_truth(v, s->door->conf->accept_proxy ||
    (s->flags & LB_FLOW_EXPECTS_PROXY)))

static bool
tell_piece(const struct lb_session *s, unsigned type, struct lb_value *v)
{
	const struct lb_hold *h = s->fates == NULL ? NULL : s->fates->header;

	v->type = LB_TYPE_STR;
	return h != NULL && proxyproto_find((struct text){ h->at, h->len },
	    type, &v->text);
}

FETCH(authority, tell_piece(s, PROXYPROTO_AUTHORITY, v))
FETCH(unique_id, tell_piece(s, PROXYPROTO_ID, v))
FETCH(piece, tell_piece(s, (unsigned)strtoul(a[0].text, NULL, 0), v))

const struct lb_scene_row lb_fetch_state_rows[] = {
	{ "fe_client_timeout", get_client_timeout },
	{ "cur_client_timeout", get_client_timeout },
	{ "be_connect_timeout", get_connect_timeout },
	{ "cur_connect_timeout", get_connect_timeout },
	{ "be_queue_timeout", get_queue_timeout },
	{ "cur_queue_timeout", get_queue_timeout },
	{ "be_server_timeout", get_server_timeout },
	{ "cur_server_timeout", get_server_timeout },
	{ "be_tarpit_timeout", get_tarpit_timeout },
	{ "cur_tarpit_timeout", get_tarpit_timeout },
	{ "be_tunnel_timeout", get_tunnel_timeout },
	{ "cur_tunnel_timeout", get_tunnel_timeout },
	{ "prio_class", get_prio_class }, { "prio_offset", get_prio_offset },
	{ "txn.conn_retries", get_conn_retries },
	{ "txn.redispatched", get_redispatched },
	{ "bytes_in", get_bytes_in }, { "bytes_out", get_bytes_out },
	{ "req.bytes_in", get_bytes_in },
	{ "fc_nb_streams", get_one }, { "bc_nb_streams", get_one },
	{ "fc_glitches", get_zero }, { "bc_glitches", get_zero },
	{ "uuid", get_uuid },
	{ "fc_rtt", get_fc_rtt }, { "bc_rtt", get_bc_rtt },
	{ "fc_rttvar", get_fc_rttvar }, { "bc_rttvar", get_bc_rttvar },
	{ "fc_lost", get_fc_lost }, { "bc_lost", get_bc_lost },
	{ "fc_reordering", get_fc_reordering },
	{ "bc_reordering", get_bc_reordering },
	{ "fc_retrans", get_fc_retrans }, { "bc_retrans", get_bc_retrans },
	{ "fc_sacked", get_fc_sacked }, { "bc_sacked", get_bc_sacked },
	{ "fc_unacked", get_fc_unacked }, { "bc_unacked", get_bc_unacked },
	{ "fc_retransmits", get_fc_retransmits },
	{ "bc_retransmits", get_bc_retransmits },
	{ "fc_rcvd_proxy", get_rcvd_proxy },
	{ "fc_pp_authority", get_authority },
	{ "fc_pp_unique_id", get_unique_id },
	{ "fc_pp_tlv", get_piece },
	{ NULL, NULL }
};
