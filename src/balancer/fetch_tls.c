/* SPDX-License-Identifier: ISC */
/* fetch_tls.c - facts of TLS, of both ends. On the scene's loop. */
#include "balancer/fetch_tls.h"
#include "net/tls.h"
#include "net/tlsfacts.h"

enum { FACT_ROOM = 512, DER_ROOM = 8192 };

static struct conn *
client_of(const struct lb_scene *c)
{
	return c->session == NULL ? NULL : c->session->client;
}

static struct conn *
server_of(const struct lb_scene *c)
{
	return c->session == NULL ? NULL : c->session->server_conn;
}

static bool
tell(struct lb_scene *c, const struct conn *of, enum tlsfacts_of what,
    enum lb_type type, struct lb_value *v)
{
	char *to = lb_scene_room(c, FACT_ROOM);

	v->type = type;
	return of != NULL && to != NULL &&
	    tlsfacts_session(of, what, to, FACT_ROOM, &v->text);
}

static bool
count(const struct conn *of, enum tlsfacts_of what, enum lb_type type,
    struct lb_value *v)
{
	v->type = type;
	return of != NULL && tlsfacts_number(of, what, &v->number);
}

/* name, fact, type: as ssl_fc_ and ssl_bc_. */
#define TEXTS(X)							\
	X(alpn, ALPN, STR) X(cipher, CIPHER, STR) X(curve, CURVE, STR)	\
	X(protocol, VERSION, STR) X(sni, SNI, STR)			\
	X(session_id, SESSION_ID, BIN) X(unique_id, UNIQUE_ID, BIN)	\
	X(client_random, CLIENT_RANDOM, BIN)				\
	X(server_random, SERVER_RANDOM, BIN)				\
	X(session_key, SESSION_KEY, BIN) X(npn, NPN, STR)
#define NUMBERS(X)							\
	X(alg_keysize, KEY_BITS, INT) X(use_keysize, USED_BITS, INT)	\
	X(is_resumed, RESUMED, BOOL)

#define TEXT_OF_BOTH(name, fact, kind)					\
static bool								\
get_fc_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	return tell(c, client_of(c), TLSFACTS_##fact, LB_TYPE_##kind, v); \
}									\
static bool								\
get_bc_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	return tell(c, server_of(c), TLSFACTS_##fact, LB_TYPE_##kind, v); \
}
TEXTS(TEXT_OF_BOTH)

#define NUMBER_OF_BOTH(name, fact, kind)				\
static bool								\
get_fc_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	return count(client_of(c), TLSFACTS_##fact, LB_TYPE_##kind, v);	\
}									\
static bool								\
get_bc_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	return count(server_of(c), TLSFACTS_##fact, LB_TYPE_##kind, v);	\
}
NUMBERS(NUMBER_OF_BOTH)

/* ---- certificates ------------------------------------------------------ */

static bool
tell_cert(struct lb_scene *c, const struct conn *of, bool own,
    enum tlsfacts_cert what, const struct lb_arg *a, enum lb_type type,
    struct lb_value *v)
{
	char *to = lb_scene_room(c, what == TLSFACTS_DER ? DER_ROOM :
	    FACT_ROOM);

	v->type = type;
	return of != NULL && to != NULL && tlsfacts_cert(of, own, what,
	    a[0].kind == LB_ARG_NONE ? NULL : a[0].text,
	    a[1].kind == LB_ARG_NONE ? 1 : a[1].number, to,
	    what == TLSFACTS_DER ? DER_ROOM : FACT_ROOM, &v->text);
}

#define CERTS(X)							\
	X(s_dn, SUBJECT, STR) X(i_dn, ISSUER, STR) X(serial, SERIAL, BIN) \
	X(sha1, SHA1, BIN) X(der, DER, BIN) X(notafter, NOT_AFTER, STR)	\
	X(notbefore, NOT_BEFORE, STR) X(key_alg, KEY, STR)		\
	X(sig_alg, SIGNATURE, STR)
#define CERT_OF(which, conn, own, name, fact, kind)			\
static bool								\
get_##which##_##name(struct lb_scene *c, const struct lb_arg *a,	\
    struct lb_value *v)							\
{									\
	return tell_cert(c, conn(c), own, TLSFACTS_##fact, a,		\
	    LB_TYPE_##kind, v);						\
}
#define CERT_OF_ALL(name, fact, kind)					\
	CERT_OF(c, client_of, false, name, fact, kind)			\
	CERT_OF(f, client_of, true, name, fact, kind)			\
	CERT_OF(s, server_of, false, name, fact, kind)
CERTS(CERT_OF_ALL)

static bool
tell_version(struct lb_scene *c, const struct conn *of, bool own,
    struct lb_value *v)
{
	const struct lb_arg none[2] = { { .kind = LB_ARG_NONE },
	    { .kind = LB_ARG_NONE } };

	return tell_cert(c, of, own, TLSFACTS_CERT_VERSION, none, LB_TYPE_BIN,
	    v) && lb_scene_number(v, (unsigned char)v->text.at[0]);
}

#define SIMPLE(name, ...)						\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	return __VA_ARGS__;						\
}
SIMPLE(c_version, tell_version(c, client_of(c), false, v))
SIMPLE(f_version, tell_version(c, client_of(c), true, v))
SIMPLE(s_version, tell_version(c, server_of(c), false, v))
SIMPLE(c_used, client_of(c) != NULL &&
    lb_scene_truth(v, tls_peer_has_cert(client_of(c))))
SIMPLE(c_verify, count(client_of(c), TLSFACTS_VERIFY, LB_TYPE_INT, v))
SIMPLE(has_sni, lb_scene_truth(v, tell(c, client_of(c), TLSFACTS_SNI,
    LB_TYPE_STR, v)))
SIMPLE(has_early, lb_scene_truth(v, false))

#define ROWS(name, fact, kind)						\
	{ "ssl_fc_" #name, get_fc_##name }, { "ssl_bc_" #name, get_bc_##name },
#define CERT_ROWS(name, fact, kind)					\
	{ "ssl_c_" #name, get_c_##name }, { "ssl_f_" #name, get_f_##name }, \
	{ "ssl_s_" #name, get_s_##name },

const struct lb_scene_row lb_fetch_tls_rows[] = {
	TEXTS(ROWS)
	NUMBERS(ROWS)
	CERTS(CERT_ROWS)
	{ "ssl_c_version", get_c_version },
	{ "ssl_f_version", get_f_version },
	{ "ssl_s_version", get_s_version },
	{ "ssl_c_used", get_c_used }, { "ssl_c_verify", get_c_verify },
	{ "ssl_fc_has_sni", get_has_sni },
	{ "ssl_fc_has_early", get_has_early },
	{ NULL, NULL }
};
