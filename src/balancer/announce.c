/* SPDX-License-Identifier: ISC */
/* announce.c - PROXY headers with their pieces. On the session's loop. */
#include "balancer/announce.h"
#include "balancer/fates.h"
#include "balancer/record.h"
#include "balancer/tuple.h"
#include "net/proxyproto.h"
#include "net/tls.h"
#include "net/tlsfacts.h"

enum { CLIENT_TLS = 1, CLIENT_CERT = 2, CLIENT_CERT_SESSION = 4,
	SSL_ROOM = 1024, SSL_HEAD = 5 };

struct header {
	char *at;
	size_t len;
};

static void
add(struct header *h, unsigned type, struct text value)
{
	h->len = proxyproto_add(h->at, h->len, LB_ANNOUNCE_ROOM, type, value);
}

static void
add_authority(struct header *h, const struct lb_session *s)
{
	char name[256];
	struct text t;

	if ((s->fates != NULL && s->fates->header != NULL &&
	    proxyproto_find((struct text){ s->fates->header->at,
	    s->fates->header->len }, PROXYPROTO_AUTHORITY, &t)) ||
	    tlsfacts_session(s->client, TLSFACTS_SNI, name, sizeof name, &t))
		add(h, PROXYPROTO_AUTHORITY, t);
}

static void
add_id(struct header *h, struct lb_session *s)
{
	const struct lb_format *f = s->front->conf->unique_id;
	char id[256];

	if (f == NULL)
		return;
	lb_record_format(s, NULL, f, id, sizeof id);
	add(h, PROXYPROTO_ID, text_of(id));
}

static size_t
add_fact(char *to, size_t len, unsigned type, bool there,
    const struct text *t)
{
	return there ? proxyproto_piece(to, len, SSL_ROOM, type, *t) : len;
}

/* The client's TLS: a piece that is made of pieces. */
static void
add_tls(struct header *h, const struct lb_session *s, unsigned wanted)
{
	const struct conn *c = s->client;
	char piece[SSL_ROOM], fact[256];
	bool cert = tls_peer_has_cert(c);
	size_t len = SSL_HEAD;
	int64_t verdict = 0;
	struct text t;

	memset(piece, 0, SSL_HEAD);
	if (tls_is_on(c)) {
		piece[0] = CLIENT_TLS;
		if (cert)
			piece[0] |= CLIENT_CERT | CLIENT_CERT_SESSION;
		len = add_fact(piece, len, PROXYPROTO_SSL_VERSION,
		    tlsfacts_session(c, TLSFACTS_VERSION, fact, sizeof fact,
		    &t), &t);
		if (cert)
			tlsfacts_number(c, TLSFACTS_VERIFY, &verdict);
		if (cert && wanted & LB_PP2_CERT_CN)
			len = add_fact(piece, len, PROXYPROTO_SSL_CN,
			    tlsfacts_cert(c, false, TLSFACTS_SUBJECT, "CN", 1,
			    fact, sizeof fact, &t), &t);
		if (wanted & LB_PP2_CERT_KEY)
			len = add_fact(piece, len, PROXYPROTO_SSL_KEY,
			    tlsfacts_cert(c, true, TLSFACTS_KEY_KIND, NULL, 1,
			    fact, sizeof fact, &t), &t);
		if (wanted & LB_PP2_CERT_SIG)
			len = add_fact(piece, len, PROXYPROTO_SSL_SIGNATURE,
			    tlsfacts_cert(c, true, TLSFACTS_SIGNATURE, NULL,
			    1, fact, sizeof fact, &t), &t);
		if (wanted & LB_PP2_SSL_CIPHER)
			len = add_fact(piece, len, PROXYPROTO_SSL_CIPHER,
			    tlsfacts_session(c, TLSFACTS_CIPHER, fact,
			    sizeof fact, &t), &t);
	}
	for (int i = 0; i < 4; i++)
		piece[4 - i] = (char)(verdict >> (8 * i));
	add(h, PROXYPROTO_SSL, (struct text){ piece, len });
}

static void
add_own(struct header *h, struct lb_session *s)
{
	const struct lb_server_conf *c = s->server->conf;
	char value[1024];

	for (unsigned i = 0; i < c->tlvs.count; i++) {
		lb_record_format(s, NULL, c->tlvs.at[i]->value, value,
		    sizeof value);
		add(h, c->tlvs.at[i]->type, text_of(value));
	}
}

static unsigned
wanted_of(const struct lb_server_conf *c)
{
	unsigned wanted = c->proxy_v2_options;

	if (c->send_proxy_ssl || c->send_proxy_ssl_cn)
		wanted |= LB_PP2_SSL;
	if (c->send_proxy_ssl_cn)
		wanted |= LB_PP2_CERT_CN;
	if (wanted & (LB_PP2_CERT_CN | LB_PP2_SSL_CIPHER | LB_PP2_CERT_SIG |
	    LB_PP2_CERT_KEY))
		wanted |= LB_PP2_SSL;
	return wanted;
}

size_t
lb_announce_print(struct lb_session *s, char to[LB_ANNOUNCE_ROOM])
{
	const struct lb_server_conf *c = s->server->conf;
	struct endpoint dst = lb_tuple_dst(s);
	struct header h = { to, 0 };
	unsigned wanted = wanted_of(c);
	char alpn[64];
	struct text t;

	if (c->send_proxy == 0)
		return 0;
	h.len = proxyproto_print(c->send_proxy, &s->src, &dst, to);
	if (c->send_proxy == 1)
		return h.len;
	if (tlsfacts_session(s->client, TLSFACTS_ALPN, alpn, sizeof alpn, &t))
		add(&h, PROXYPROTO_ALPN, t);
	if (wanted & LB_PP2_AUTHORITY)
		add_authority(&h, s);
	if (wanted & LB_PP2_UNIQUE_ID)
		add_id(&h, s);
	if (wanted & LB_PP2_SSL)
		add_tls(&h, s, wanted);
	add_own(&h, s);
	return wanted & LB_PP2_CRC32C ?
	    proxyproto_seal(to, h.len, LB_ANNOUNCE_ROOM) : h.len;
}
