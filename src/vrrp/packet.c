/* SPDX-License-Identifier: ISC */
/*
 * packet.c - adverts as bytes (RFC 3768, 5798). The order of the checks is
 * that of the manual; each refusal is a row. Pure.
 */
#include <arpa/inet.h>

#include <stdio.h>

#include "base/clock.h"
#include "base/die.h"
#include "vrrp/packet.h"

enum {
	IP_HEADER = 20,
	HEADER = 8,			/* of VRRP, both versions */
	TRAILER = 8,			/* v2: authentication data */
	AUTH_HEADER = 51,		/* IPsec AH as next protocol */
	TYPE_ADVERT = 1,
	TOS = 0xc0,
	PADDED = 46,			/* what Ethernet pads up to */
	CENTISECOND = 10000		/* us */
};

/* ---- addresses */

bool
vr_packet_ip_same(const struct vr_ip *a, const struct vr_ip *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

int
vr_packet_ip_compare(const struct vr_ip *a, const struct vr_ip *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->at, b->at, a->len);
}

bool
vr_packet_ip_multicast(const struct vr_ip *ip)
{
	return ip->len == 4 ? (ip->at[0] & 0xf0) == 0xe0 :
	    ip->len == 16 && ip->at[0] == 0xff;
}

const char *
vr_packet_ip_print(const struct vr_ip *ip, char buf[VR_PACKET_IP_TEXT])
{
	if (ip->len == 0 || inet_ntop(ip->len == 4 ? AF_INET : AF_INET6,
	    ip->at, buf, VR_PACKET_IP_TEXT) == NULL)
		memcpy(buf, "(none)", sizeof "(none)");
	return buf;
}

/* ---- sums */

static uint32_t
add_words(uint32_t sum, const uint8_t *at, size_t len)
{
	for (; len > 1; at += 2, len -= 2)
		sum += (uint32_t)at[0] << 8 | at[1];
	if (len == 1)
		sum += (uint32_t)at[0] << 8;
	return sum;
}

static uint16_t
fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t
add_pseudo(const struct vr_ip *from, const struct vr_ip *to, size_t len)
{
	uint32_t sum = add_words(0, from->at, from->len);

	sum = add_words(sum, to->at, to->len);
	return sum + VR_PACKET_PROTOCOL + (uint32_t)len;
}

/* IPv6 always has the pseudo header, v2 never, v3 over IPv4 when not asked
 * to leave it out. */
static bool
has_pseudo(const struct vr_packet_form *f)
{
	return f->family == 6 || (f->version == 3 && !f->checksum_v2);
}

static uint16_t
sum_of(const struct vr_packet_form *f, const struct vr_ip *from,
    const struct vr_ip *to, const uint8_t *at, size_t len)
{
	uint32_t sum = has_pseudo(f) ? add_pseudo(from, to, len) : 0;

	return fold(add_words(sum, at, len));
}

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t
get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* ---- ours */

static size_t
put_ip_header(const struct vr_packet_form *f, const struct vr_packet_ends *e,
    uint8_t *at, size_t len)
{
	memset(at, 0, IP_HEADER);
	at[0] = 0x45;
	at[1] = TOS;
	put16(at + 2, (uint32_t)len);
	put16(at + 4, e->id);
	at[8] = f->ttl;
	at[9] = VR_PACKET_PROTOCOL;
	memcpy(at + 12, e->from.at, 4);
	memcpy(at + 16, e->to.at, 4);
	put16(at + 10, fold(add_words(0, at, IP_HEADER)));
	return len;
}

static size_t
put_addresses(const struct vr_packet_form *f, uint8_t *at)
{
	size_t each = f->family == 4 ? 4 : 16;

	for (unsigned i = 0; i < f->count; i++)
		memcpy(at + i * each, f->address[i], each);
	return f->count * each;
}

static size_t
put_trailer(const struct vr_packet_form *f, uint8_t *at)
{
	if (f->version != 2)
		return 0;
	memset(at, 0, TRAILER);
	if (f->pass)
		memcpy(at, f->password, VR_PACKET_PASS);
	return TRAILER;
}

static void
put_interval(const struct vr_packet_form *f, uint8_t *at)
{
	if (f->version == 2) {
		at[0] = f->pass ? 1 : 0;
		at[1] = (uint8_t)(f->interval / CLOCK_SECOND);
	} else {
		put16(at, (uint32_t)(f->interval / CENTISECOND) & 0xfff);
	}
}

size_t
vr_packet_build(const struct vr_packet_form *f, uint8_t priority,
    const struct vr_packet_ends *e, uint8_t room[VR_PACKET_ROOM])
{
	uint8_t *at = room + (f->family == 4 ? IP_HEADER : 0);
	const struct vr_ip *to = f->unicast && f->checksum_group ? &f->group :
	    &e->to;
	size_t len = HEADER;

	NEED(f->count <= VR_PACKET_ADDRESSES);
	at[0] = (uint8_t)(f->version << 4 | TYPE_ADVERT);
	at[1] = f->vrid;
	at[2] = priority;
	at[3] = (uint8_t)f->count;
	put_interval(f, at + 4);
	put16(at + 6, 0);
	len += put_addresses(f, at + len);
	len += put_trailer(f, at + len);
	put16(at + 6, sum_of(f, &e->from, to, at, len));
	return f->family == 4 ? put_ip_header(f, e, room, IP_HEADER + len) :
	    len;
}

/* ---- theirs */

static size_t
header_of(const struct vr_packet_seen *s, uint8_t family)
{
	return family == 6 ? 0 : (size_t)((uint8_t)s->bytes.at[0] & 0xf) * 4;
}

int
vr_packet_vrid(struct vr_packet_seen *s, uint8_t family)
{
	const uint8_t *at = (const uint8_t *)s->bytes.at;
	size_t head = family == 6 ? 0 : IP_HEADER;

	if (s->bytes.len < head + HEADER)
		return -1;
	if (family == 6)
		return at[1];
	head = header_of(s, family);
	if (at[0] >> 4 != 4 || head < IP_HEADER || s->bytes.len < head + HEADER)
		return -1;
	s->hops = at[8];
	s->from.len = s->to.len = 4;
	memcpy(s->from.at, at + 12, 4);
	memcpy(s->to.at, at + 16, 4);
	return at[head + 1];
}

/* What each check looks at, taken apart once. */
struct view {
	const struct vr_packet_form *f;
	const struct vr_packet_seen *s;
	struct vr_packet_advert *a;
	const struct vr_packet_peer *peer;
	const uint8_t *ip, *at;		/* IP header (IPv4), VRRP header */
	size_t total;			/* bytes received from ip on */
	size_t head, len;		/* IP header; what an advert should have */
};

static bool
is_short(const struct view *v)
{
	return v->total < v->head + HEADER;
}

static bool
has_auth_header(const struct view *v)
{
	return v->f->family == 4 && v->ip[9] == AUTH_HEADER;
}

/* Behind the advert there may be what Ethernet padded, and nothing else. */
static bool
is_odd_length(const struct view *v)
{
	size_t should = v->head + v->len;

	return v->total < should || (v->total > should &&
	    v->total > (v->f->family == 4 ? PADDED : 0));
}

static bool
is_far(const struct view *v)
{
	return !v->f->unicast && v->s->hops != 255;
}

static bool
is_other_version(const struct view *v)
{
	return v->at[0] >> 4 != v->f->version;
}

static bool
has_odd_auth_type(const struct view *v)
{
	return v->f->version == 2 && v->at[4] > 2;
}

static bool
has_other_auth(const struct view *v)
{
	return v->f->version == 2 && v->at[4] != (v->f->pass ? 1 : 0);
}

/* In a time that does not tell where they differ. */
static bool
has_wrong_password(const struct view *v)
{
	const uint8_t *given = v->at + v->len - TRAILER;
	uint8_t differs = 0;

	if (v->f->version != 2 || !v->f->pass)
		return false;
	for (unsigned i = 0; i < VR_PACKET_PASS; i++)
		differs = (uint8_t)(differs | (given[i] ^ v->f->password[i]));
	return differs != 0;
}

static bool
has_other_interval(const struct view *v)
{
	return v->f->version == 2 && v->a->interval != v->f->interval;
}

static bool
is_no_advert(const struct view *v)
{
	return (v->at[0] & 0xf) != TYPE_ADVERT;
}

static bool
has_odd_total(const struct view *v)
{
	size_t said;

	if (v->f->family == 6)
		return false;
	said = get16(v->ip + 2);
	return said != v->head + v->len && said != v->total;
}

static bool
has_no_interval(const struct view *v)
{
	return v->f->version == 3 && v->a->interval == 0;
}

static bool
has_bad_sum(const struct view *v)
{
	struct vr_packet_form plain = *v->f;

	if (sum_of(v->f, &v->s->from, &v->s->to, v->at, v->len) == 0)
		return false;
	if (v->f->family == 4 && v->f->version == 3 && v->f->checksum_v2) {
		/* Asked to send the odd kind: either kind is welcome. */
		plain.checksum_v2 = false;
		return sum_of(&plain, &v->s->from, &v->s->to, v->at,
		    v->len) != 0;
	}
	if (v->f->unicast && has_pseudo(v->f) && (v->f->checksum_group ||
	    v->f->group_sum_too) && sum_of(v->f, &v->s->from, &v->f->group, v->at, v->len) == 0) {
		v->a->group_sum = true;
		return false;
	}
	return true;
}

static bool
came_otherwise(const struct view *v)
{
	return vr_packet_ip_multicast(&v->s->to) == v->f->unicast;
}

static bool
is_owner(const struct view *v)
{
	return v->f->owner_ignore && v->a->priority == 255;
}

static bool
is_stranger(const struct view *v)
{
	return v->f->unicast && v->f->check_source && v->peer == NULL;
}

static bool
has_peer_ttl(const struct view *v)
{
	return v->peer != NULL && (v->s->hops < v->peer->min_ttl ||
	    (v->peer->max_ttl != 0 && v->s->hops > v->peer->max_ttl));
}

#define COUNTS(field) (int)offsetof(struct vr_live_counts, field)

/* In the order of the manual. */
static const struct {
	bool (*wrong)(const struct view *);
	int counts;			/* offset; -1: in none */
} rows[VR_PACKET_VERDICTS] = {
	[VR_PACKET_SHORT] = { is_short, COUNTS(length) },
	[VR_PACKET_HEADER] = { NULL, COUNTS(length) },
	[VR_PACKET_AUTH_HEADER] = { has_auth_header, COUNTS(auth_mismatch) },
	[VR_PACKET_LENGTH] = { is_odd_length, COUNTS(length) },
	[VR_PACKET_TTL] = { is_far, COUNTS(ttl) },
	[VR_PACKET_VERSION] = { is_other_version, COUNTS(version) },
	[VR_PACKET_AUTH_TYPE] = { has_odd_auth_type, COUNTS(auth_type) },
	[VR_PACKET_AUTH_OTHER] = { has_other_auth, COUNTS(auth_mismatch) },
	[VR_PACKET_AUTH_WRONG] = { has_wrong_password, COUNTS(auth_failure) },
	[VR_PACKET_INTERVAL] = { has_other_interval, COUNTS(interval) },
	[VR_PACKET_TYPE] = { is_no_advert, COUNTS(type) },
	[VR_PACKET_TOTAL] = { has_odd_total, COUNTS(length) },
	[VR_PACKET_INTERVAL_ZERO] = { has_no_interval, COUNTS(interval) },
	[VR_PACKET_CHECKSUM] = { has_bad_sum, COUNTS(checksum) },
	[VR_PACKET_CAST] = { came_otherwise, COUNTS(cast) },
	[VR_PACKET_OWNER] = { is_owner, -1 },
	[VR_PACKET_STRANGER] = { is_stranger, COUNTS(stranger) },
	[VR_PACKET_PEER_TTL] = { has_peer_ttl, COUNTS(ttl) },
};

static const enum vr_packet_verdict order[] = {
	VR_PACKET_SHORT, VR_PACKET_AUTH_HEADER, VR_PACKET_LENGTH,
	VR_PACKET_TTL, VR_PACKET_VERSION, VR_PACKET_AUTH_TYPE,
	VR_PACKET_AUTH_OTHER, VR_PACKET_AUTH_WRONG, VR_PACKET_INTERVAL,
	VR_PACKET_TYPE, VR_PACKET_TOTAL, VR_PACKET_INTERVAL_ZERO,
	VR_PACKET_CHECKSUM, VR_PACKET_CAST, VR_PACKET_OWNER,
	VR_PACKET_STRANGER, VR_PACKET_PEER_TTL,
};

static void
read_advert(struct view *v)
{
	struct vr_packet_advert *a = v->a;

	a->version = v->at[0] >> 4;
	a->vrid = v->at[1];
	a->priority = v->at[2];
	a->count = v->at[3];
	/* By our version: that another is meant is refused later. */
	a->interval = v->f->version == 2 ? v->at[5] * CLOCK_SECOND :
	    (int64_t)(get16(v->at + 4) & 0xfff) * CENTISECOND;
	v->len = HEADER + a->count * (v->f->family == 4 ? 4u : 16u) +
	    (v->f->version == 2 ? TRAILER : 0);
}

static void
compare_lists(struct view *v)
{
	size_t each = v->f->family == 4 ? 4 : 16;

	v->a->odd_interval = v->f->version == 3 &&
	    v->a->interval != v->f->interval;
	if (v->f->skip_list)
		return;
	v->a->odd_list = v->a->count != v->f->count;
	for (unsigned i = 0; i < v->f->count && !v->a->odd_list; i++) {
		bool found = false;

		for (unsigned k = 0; k < v->a->count && !found; k++)
			found = memcmp(v->at + HEADER + k * each,
			    v->f->address[i], each) == 0;
		v->a->odd_list = !found;
	}
}

static const struct vr_packet_peer *
find_peer(const struct vr_packet_form *f, const struct vr_ip *from)
{
	for (unsigned i = 0; i < f->peer_count; i++)
		if (vr_packet_ip_same(&f->peers[i].ip, from))
			return &f->peers[i];
	return NULL;
}

enum vr_packet_verdict
vr_packet_check(const struct vr_packet_form *f, const struct vr_packet_seen *s,
    struct vr_packet_advert *a)
{
	struct view v = { .f = f, .s = s, .a = a,
	    .ip = (const uint8_t *)s->bytes.at, .total = s->bytes.len };

	*a = (struct vr_packet_advert){ 0 };
	if (f->family == 4 && v.total < IP_HEADER)
		return VR_PACKET_SHORT;
	v.head = header_of(s, f->family);
	v.at = v.ip + v.head;
	if (f->family == 4 && v.head < IP_HEADER)
		return VR_PACKET_HEADER;
	if (is_short(&v))
		return VR_PACKET_SHORT;
	read_advert(&v);
	v.peer = f->unicast ? find_peer(f, &s->from) : NULL;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (rows[order[i]].wrong(&v))
			return order[i];
	compare_lists(&v);
	return VR_PACKET_GOOD;
}

void
vr_packet_count(struct vr_live_counts *c, enum vr_packet_verdict verdict)
{
	int at = verdict == VR_PACKET_GOOD ? -1 : rows[verdict].counts;

	if (at >= 0)
		++*(uint64_t *)(void *)((char *)c + at);
}

/* ---- words */

struct telling {
	const struct vr_packet_form *f;
	const struct vr_packet_seen *s;
	const struct vr_packet_advert *a;
	const char *from;
	char *to;
};

static size_t
length_wanted(const struct telling *t)
{
	return HEADER + t->a->count * (t->f->family == 4 ? 4u : 16u) +
	    (t->f->version == 2 ? TRAILER : 0) + (t->f->family == 4 ?
	    IP_HEADER : 0);
}

static void
tell_length(const struct telling *t)
{
	size_t want = length_wanted(t);

	snprintf(t->to, VR_PACKET_WORDS, "vrrp packet from %s too %s, length "
	    "%zu and expect %zu", t->from, t->s->bytes.len < want ? "short" :
	    "long", t->s->bytes.len, want);
}

static void
tell_interval(const struct telling *t)
{
	snprintf(t->to, VR_PACKET_WORDS, "advertisement interval mismatch "
	    "with %s mine=%lld sec rcv'd=%lld sec", t->from,
	    (long long)(t->f->interval / CLOCK_SECOND),
	    (long long)(t->a->interval / CLOCK_SECOND));
}

const char *
vr_packet_explain(const struct vr_packet_form *f,
    const struct vr_packet_seen *s, const struct vr_packet_advert *a,
    enum vr_packet_verdict verdict, char buf[VR_PACKET_WORDS])
{
	char ip[VR_PACKET_IP_TEXT];
	const struct telling t = { f, s, a, vr_packet_ip_print(&s->from, ip),
	    buf };
	int type = s->bytes.len > header_of(s, f->family) + 4 ?
	    (uint8_t)s->bytes.at[header_of(s, f->family) + 4] : 0;

	switch (verdict) {
	case VR_PACKET_SHORT:
	case VR_PACKET_HEADER:
		snprintf(buf, VR_PACKET_WORDS, "%s VRRP packet too short - "
		    "%zu bytes", f->family == 4 ? "IPv4" : "IPv6",
		    s->bytes.len);
		break;
	case VR_PACKET_LENGTH:
	case VR_PACKET_TOTAL:
		tell_length(&t);
		break;
	case VR_PACKET_TTL:
		snprintf(buf, VR_PACKET_WORDS, "invalid TTL/HL. Received %d "
		    "and expect 255", s->hops);
		break;
	case VR_PACKET_VERSION:
		snprintf(buf, VR_PACKET_WORDS, "wrong VRRP version from %s. "
		    "Received %u and expect %u", t.from, a->version,
		    f->version);
		break;
	case VR_PACKET_AUTH_HEADER:
		snprintf(buf, VR_PACKET_WORDS, "received an AH packet from "
		    "%s, expecting none", t.from);
		break;
	case VR_PACKET_AUTH_TYPE:
	case VR_PACKET_AUTH_OTHER:
		snprintf(buf, VR_PACKET_WORDS, "received a %d auth from %s, "
		    "expecting %d!", type, t.from, f->pass ? 1 : 0);
		break;
	case VR_PACKET_AUTH_WRONG:
		snprintf(buf, VR_PACKET_WORDS, "received an invalid passwd "
		    "from %s!", t.from);
		break;
	case VR_PACKET_INTERVAL:
		tell_interval(&t);
		break;
	case VR_PACKET_INTERVAL_ZERO:
		snprintf(buf, VR_PACKET_WORDS, "advertisement interval 0 from "
		    "%s", t.from);
		break;
	case VR_PACKET_TYPE:
		snprintf(buf, VR_PACKET_WORDS, "Invalid VRRP packet type %d "
		    "from %s", (uint8_t)s->bytes.at[header_of(s, f->family)] &
		    0xf, t.from);
		break;
	case VR_PACKET_CHECKSUM:
		snprintf(buf, VR_PACKET_WORDS, "Invalid VRRPv%u checksum "
		    "from %s", f->version, t.from);
		break;
	case VR_PACKET_CAST:
		snprintf(buf, VR_PACKET_WORDS, "Expected %s packet but "
		    "received %s packet from %s", f->unicast ? "unicast" :
		    "multicast", f->unicast ? "multicast" : "unicast",
		    t.from);
		break;
	case VR_PACKET_OWNER:
		snprintf(buf, VR_PACKET_WORDS, "ignoring advert of an address "
		    "owner from %s", t.from);
		break;
	case VR_PACKET_STRANGER:
		snprintf(buf, VR_PACKET_WORDS, "unicast source address %s "
		    "not a unicast peer", t.from);
		break;
	case VR_PACKET_PEER_TTL:
		snprintf(buf, VR_PACKET_WORDS, "received packet from %s with "
		    "TTL %d outside range", t.from, s->hops);
		break;
	case VR_PACKET_GOOD:
	case VR_PACKET_VERDICTS:
		buf[0] = '\0';
	}
	return buf;
}
