/* SPDX-License-Identifier: ISC */
/* packet_test.c - adverts as bytes: ours as they should be, theirs judged. */
#include "base/clock.h"
#include "exact.h"
#include "unit.h"
#include "vrrp/packet.h"

static const uint8_t two[][16] = { { 10, 0, 0, 50 }, { 10, 0, 0, 51 } };
static const uint8_t six[][16] = {
	{ 0xfe, 0x80, [15] = 0x50 }, { 0x20, 0x01, [15] = 0x51 } };

static const struct vr_packet_ends ends4 = {
	.from = { 4, { 10, 0, 0, 1 } }, .to = { 4, { 224, 0, 0, 18 } },
	.id = 7 };
static const struct vr_packet_ends ends6 = {
	.from = { 16, { 0xfe, 0x80, [15] = 1 } },
	.to = { 16, { 0xff, 0x02, [15] = 0x12 } } };

static struct vr_packet_form
form(unsigned version, unsigned family)
{
	return (struct vr_packet_form){ .version = (uint8_t)version,
	    .vrid = 51, .family = (uint8_t)family,
	    .interval = CLOCK_SECOND, .group = family == 4 ? ends4.to :
	    ends6.to, .ttl = 255, .count = 2,
	    .address = family == 4 ? two : six };
}

static const struct vr_packet_ends *
ends_of(const struct vr_packet_form *f)
{
	return f->family == 4 ? &ends4 : &ends6;
}

struct parcel {			/* an advert that may be spoilt */
	uint8_t at[VR_PACKET_ROOM + 1024];
	size_t len;
	int hops;
	struct vr_packet_ends ends;
};

static void
pack(struct parcel *p, const struct vr_packet_form *f, uint8_t priority)
{
	p->ends = *ends_of(f);
	p->hops = 255;
	p->len = vr_packet_build(f, priority, &p->ends, p->at);
}

/* In memory that ends where the packet ends. */
static enum vr_packet_verdict
judge(const struct parcel *p, const struct vr_packet_form *f,
    struct vr_packet_advert *a)
{
	struct text bytes = exact((struct text){ (const char *)p->at,
	    p->len });
	struct vr_packet_seen s = { .bytes = bytes, .from = p->ends.from,
	    .to = p->ends.to, .hops = p->hops };
	enum vr_packet_verdict verdict;
	char words[VR_PACKET_WORDS];

	if (vr_packet_vrid(&s, f->family) < 0) {
		exact_drop(&bytes);
		return VR_PACKET_SHORT;
	}
	verdict = vr_packet_check(f, &s, a);
	vr_packet_explain(f, &s, a, verdict, words);
	ck_assert_int_eq(words[0] == '\0', verdict == VR_PACKET_GOOD);
	exact_drop(&bytes);
	return verdict;
}

/* The sum over what goes on the wire must be all ones. */
static uint32_t
sum(const uint8_t *at, size_t len, uint32_t start)
{
	for (size_t i = 0; i < len; i++)
		start += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
	while (start > 0xffff)
		start = (start & 0xffff) + (start >> 16);
	return start;
}

START_TEST(writes_v2_byte_for_byte)
{
	static const uint8_t should[] = {
		0x45, 0xc0, 0, 44, 0, 7, 0, 0, 255, 112, 0xcf, 0x7a,
		10, 0, 0, 1, 224, 0, 0, 18,
		0x21, 51, 101, 2, 1, 1, 0, 0,
		10, 0, 0, 50, 10, 0, 0, 51,
		's', 'e', 'c', 'r', 'e', 't', 0, 0 };
	struct vr_packet_form f = form(2, 4);
	struct parcel p;

	f.pass = true;
	memcpy(f.password, "secret", 6);
	pack(&p, &f, 101);
	ck_assert_uint_eq(p.len, sizeof should);
	ck_assert_uint_eq(sum(p.at, 20, 0), 0xffff);
	ck_assert_uint_eq(sum(p.at + 20, p.len - 20, 0), 0xffff);
	memset(p.at + 10, 0, 2);
	memset(p.at + 26, 0, 2);
	p.at[10] = should[10], p.at[11] = should[11];
	ck_assert_mem_eq(p.at, should, sizeof should);
}
END_TEST

START_TEST(writes_v3_with_the_pseudo_header)
{
	struct vr_packet_form f = form(3, 4), g = form(3, 6);
	uint32_t start = 10 * 256 + 1 + 224 * 256 + 18 + 112 + 16;
	struct parcel p;

	f.interval = 10 * CLOCK_MS;
	pack(&p, &f, 100);
	ck_assert_uint_eq(p.len, 20 + 16);
	ck_assert_uint_eq(p.at[20], 0x31);
	ck_assert_uint_eq(p.at[24] * 256u + p.at[25], 1);
	ck_assert_uint_eq(sum(p.at + 20, 16, start), 0xffff);
	f.checksum_v2 = true;
	pack(&p, &f, 100);
	ck_assert_uint_eq(sum(p.at + 20, 16, 0), 0xffff);
	g.interval = 40950 * CLOCK_MS;
	pack(&p, &g, 100);
	ck_assert_uint_eq(p.len, 8 + 32);
	ck_assert_uint_eq(p.at[4] * 256u + p.at[5], 4095);
	start = 0xfe80 + 1 + 0xff02 + 0x12 + 112 + 40;
	ck_assert_uint_eq(sum(p.at, 40, start), 0xffff);
}
END_TEST

START_TEST(reads_what_it_wrote)
{
	static const struct { unsigned version, family; } rows[] = {
		{ 2, 4 }, { 3, 4 }, { 3, 6 } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct vr_packet_form f = form(rows[i].version,
		    rows[i].family);
		struct vr_packet_advert a;
		struct parcel p;

		pack(&p, &f, 0);
		ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
		ck_assert_int_eq(a.priority, 0);
		pack(&p, &f, 254);
		ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
		ck_assert_int_eq(a.priority, 254);
		ck_assert_int_eq(a.count, 2);
		ck_assert_int_eq(a.interval, CLOCK_SECOND);
		ck_assert(!a.odd_interval && !a.odd_list);
	}
}
END_TEST

/* ---- what is refused: one thing is spoilt in a good advert */

static void spoil_none(struct parcel *p) { }
static void cut_header(struct parcel *p) { p->len = 20 + 7; }
static void cut_ip(struct parcel *p) { p->len = 19; }
static void cut_tail(struct parcel *p) { p->len--; }
static void pad_little(struct parcel *p)
{
	memset(p->at + p->len, 0, 2);
	p->len = 46;
}
static void pad_much(struct parcel *p)
{
	memset(p->at + p->len, 0xaa, 500);
	p->len += 454;
}
static void near(struct parcel *p) { p->at[8] = 64; }
static void say_v3(struct parcel *p) { p->at[20] = 0x31; }
static void type_two(struct parcel *p) { p->at[20] = 0x22; }
static void auth_three(struct parcel *p) { p->at[24] = 3; }
static void auth_pass(struct parcel *p) { p->at[24] = 1; }
static void auth_none(struct parcel *p) { p->at[24] = 0; }
static void other_second(struct parcel *p) { p->at[25] = 2; }
static void other_sum(struct parcel *p) { p->at[26] ^= 1; }
static void other_total(struct parcel *p) { p->at[3]++; }
static void claim_ah(struct parcel *p) { p->at[9] = 51; }
static void other_count(struct parcel *p) { p->at[23]++; }
static void other_password(struct parcel *p) { p->at[p->len - 8] ^= 1; }
static void to_one(struct parcel *p)
{
	memcpy(p->at + 16, "\x0a\0\0\x02", 4);
}

START_TEST(refuses_what_is_spoilt)
{
	static const struct {
		void (*spoil)(struct parcel *);
		bool pass;
		enum vr_packet_verdict verdict;
		size_t counts;
	} rows[] = {
#define C(field) offsetof(struct vr_live_counts, field)
		{ spoil_none, false, VR_PACKET_GOOD, 0 },
		{ spoil_none, true, VR_PACKET_GOOD, 0 },
		{ pad_little, false, VR_PACKET_GOOD, 0 },
		{ cut_ip, false, VR_PACKET_SHORT, C(length) },
		{ cut_header, false, VR_PACKET_SHORT, C(length) },
		{ cut_tail, false, VR_PACKET_LENGTH, C(length) },
		{ pad_much, false, VR_PACKET_LENGTH, C(length) },
		{ other_count, false, VR_PACKET_LENGTH, C(length) },
		{ near, false, VR_PACKET_TTL, C(ttl) },
		{ say_v3, false, VR_PACKET_VERSION, C(version) },
		{ type_two, false, VR_PACKET_TYPE, C(type) },
		{ auth_three, false, VR_PACKET_AUTH_TYPE, C(auth_type) },
		{ auth_pass, false, VR_PACKET_AUTH_OTHER, C(auth_mismatch) },
		{ auth_none, true, VR_PACKET_AUTH_OTHER, C(auth_mismatch) },
		{ other_password, true, VR_PACKET_AUTH_WRONG,
		    C(auth_failure) },
		{ other_second, false, VR_PACKET_INTERVAL, C(interval) },
		{ other_total, false, VR_PACKET_TOTAL, C(length) },
		{ other_sum, false, VR_PACKET_CHECKSUM, C(checksum) },
		{ claim_ah, false, VR_PACKET_AUTH_HEADER, C(auth_mismatch) },
		{ to_one, false, VR_PACKET_CAST, C(cast) },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct vr_packet_form f = form(2, 4);
		struct vr_live_counts c = { 0 };
		struct vr_packet_advert a;
		enum vr_packet_verdict verdict;
		struct parcel p;
		uint64_t all = 0;

		f.pass = rows[i].pass;
		memcpy(f.password, "12345678", 8);
		pack(&p, &f, 100);
		rows[i].spoil(&p);
		verdict = judge(&p, &f, &a);
		ck_assert_msg(verdict == rows[i].verdict, "row %zu: %d", i,
		    verdict);
		vr_packet_count(&c, verdict);
		for (size_t k = 0; k < sizeof c / sizeof all; k++)
			all += ((const uint64_t *)(const void *)&c)[k];
		ck_assert_uint_eq(all, verdict == VR_PACKET_GOOD ? 0 : 1);
		if (verdict != VR_PACKET_GOOD)
			ck_assert_uint_eq(*(const uint64_t *)(const void *)
			    ((const char *)&c + rows[i].counts), 1);
	}
}
END_TEST

START_TEST(v3_tells_its_interval_and_never_zero)
{
	struct vr_packet_form f = form(3, 4), theirs = form(3, 4);
	struct vr_packet_advert a;
	struct parcel p;

	theirs.interval = 0;
	pack(&p, &theirs, 100);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_INTERVAL_ZERO);
	theirs.interval = 40950 * CLOCK_MS;
	pack(&p, &theirs, 100);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
	ck_assert_int_eq(a.interval, 40950 * CLOCK_MS);
	ck_assert(a.odd_interval);
}
END_TEST

START_TEST(other_addresses_are_told_and_obeyed)
{
	static const uint8_t others[][16] = { { 10, 0, 0, 50 },
	    { 10, 0, 0, 99 } };
	struct vr_packet_form f = form(2, 4), theirs = form(2, 4);
	struct vr_packet_advert a;
	struct parcel p;

	theirs.address = others;
	pack(&p, &theirs, 100);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
	ck_assert(a.odd_list);
	theirs.count = 1;
	pack(&p, &theirs, 100);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
	ck_assert(a.odd_list);
	f.skip_list = true;
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
	ck_assert(!a.odd_list);
}
END_TEST

START_TEST(unicast_looks_at_peers)
{
	static const struct vr_packet_peer peer = {
		{ 4, { 10, 0, 0, 1 } }, 64, 128 };
	struct vr_packet_form f = form(3, 4);
	struct vr_packet_advert a;
	struct parcel p;

	f.unicast = true;
	f.group = ends4.to;
	pack(&p, &f, 100);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_CAST);
	p.ends.to = (struct vr_ip){ 4, { 10, 0, 0, 2 } };
	p.len = vr_packet_build(&f, 100, &p.ends, p.at);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
	f.check_source = true;
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_STRANGER);
	f.peers = &peer;
	f.peer_count = 1;
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_PEER_TTL);
	f.ttl = 64;
	p.len = vr_packet_build(&f, 100, &p.ends, p.at);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
}
END_TEST

START_TEST(old_unicast_checksums_are_known)
{
	struct vr_packet_form f = form(3, 4), old = form(3, 4);
	struct vr_packet_advert a;
	struct parcel p;

	f.unicast = old.unicast = true;
	old.checksum_group = true;
	p.ends = ends4;
	p.ends.to = (struct vr_ip){ 4, { 10, 0, 0, 2 } };
	p.len = vr_packet_build(&old, 100, &p.ends, p.at);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_CHECKSUM);
	f.group_sum_too = true;
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
	ck_assert(a.group_sum);
}
END_TEST

START_TEST(any_bytes_are_survived)
{
	struct vr_packet_form forms[] = { form(2, 4), form(3, 4),
	    form(3, 6) };
	uint32_t seed = 1;

	for (unsigned n = 0; n < 30000; n++) {
		struct vr_packet_form *f = &forms[n % 3];
		struct vr_packet_advert a;
		struct parcel p;

		pack(&p, f, 100);
		for (unsigned k = 0; k < n % 5; k++) {
			seed = seed * 1664525 + 1013904223;
			p.at[(seed >> 8) % 48] = (uint8_t)(seed >> 24);
		}
		if (n % 7 == 0)
			p.len = (seed >> 4) % 60;
		judge(&p, f, &a);
	}
}
END_TEST

START_TEST(owners_may_be_ignored)
{
	struct vr_packet_form f = form(2, 4);
	struct vr_packet_advert a;
	struct parcel p;

	pack(&p, &f, 255);
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_GOOD);
	f.owner_ignore = true;
	ck_assert_int_eq(judge(&p, &f, &a), VR_PACKET_OWNER);
}
END_TEST

UNIT_MAIN("vrrp/packet", writes_v2_byte_for_byte,
    writes_v3_with_the_pseudo_header, reads_what_it_wrote,
    refuses_what_is_spoilt, v3_tells_its_interval_and_never_zero,
    other_addresses_are_told_and_obeyed, unicast_looks_at_peers,
    old_unicast_checksums_are_known, any_bytes_are_survived,
    owners_may_be_ignored)
