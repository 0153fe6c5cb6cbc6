/* SPDX-License-Identifier: ISC */
/*
 * advert_fuzz.c - adverts from the network: the first byte chooses what the
 * instance is like, the rest is the packet. One that is taken for good is
 * obeyed by an election; nothing that is refused may touch it.
 */
#include "base/clock.h"
#include "fuzz.h"
#include "vrrp/election.h"
#include "vrrp/packet.h"

static const uint8_t addresses[][16] = { { 10, 0, 0, 50 }, { 10, 0, 0, 51 } };
static const struct vr_packet_peer peer = { { 4, { 10, 0, 0, 2 } }, 1, 0 };

static struct vr_packet_form
choose(uint8_t bits)
{
	return (struct vr_packet_form){
		.version = bits & 1 ? 3 : 2,
		.family = (bits & 3) == 3 ? 6 : 4,
		.vrid = 51, .unicast = (bits & 4) != 0,
		.pass = (bits & 8) != 0, .password = "secret",
		.interval = CLOCK_SECOND, .group = { 4, { 224, 0, 0, 18 } },
		.checksum_v2 = (bits & 16) != 0,
		.group_sum_too = (bits & 32) != 0,
		.check_source = (bits & 64) != 0,
		.owner_ignore = (bits & 128) != 0,
		.count = 2, .address = addresses,
		.peer_count = 1, .peers = &peer,
	};
}

static void
obey(const struct vr_packet_form *f, const struct vr_packet_seen *s,
    const struct vr_packet_advert *p)
{
	static const struct vr_election_rules rules = { .version = 3,
	    .base = 100, .down_adverts = 3, .interval = CLOCK_SECOND };
	const struct vr_election_advert a = { .priority = p->priority,
	    .interval = p->interval, .from = s->from, .order = 1 };
	struct vr_live l = { .priority = 100 };
	int64_t now = 5 * CLOCK_SECOND;

	NEED(p->vrid == (uint8_t)s->bytes.at[(f->family == 4 ?
	    (s->bytes.at[0] & 0xf) * 4 : 0) + 1]);
	NEED(p->interval > 0);
	vr_election_enter(&rules, &l, VR_ON_START, false, now);
	vr_election_enter(&rules, &l, vr_election_hear(&rules, &l, &a, now),
	    false, now);
	NEED(l.state == VR_STATE_BACKUP && l.down_at > now);
	vr_election_enter(&rules, &l, VR_ON_DOWN_TIMER, false, now);
	vr_election_enter(&rules, &l, vr_election_hear(&rules, &l, &a, now),
	    false, now);
	NEED(l.state == VR_STATE_MASTER || p->priority >= 100);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct vr_packet_form f = choose(len == 0 ? 0 : data[0]);
	struct vr_packet_seen s = { .hops = 255, .bytes = len == 0 ?
	    TEXT_NONE : fuzz_text(data + 1, len - 1) };
	struct vr_live_counts c = { 0 };
	struct vr_packet_advert a;
	enum vr_packet_verdict verdict;
	char words[VR_PACKET_WORDS];

	if (f.family == 6)
		s.from.len = s.to.len = 16;
	if (vr_packet_vrid(&s, f.family) < 0)
		return 0;
	verdict = vr_packet_check(&f, &s, &a);
	vr_packet_count(&c, verdict);
	vr_packet_explain(&f, &s, &a, verdict, words);
	NEED((words[0] == '\0') == (verdict == VR_PACKET_GOOD));
	if (verdict == VR_PACKET_GOOD)
		obey(&f, &s, &a);
	return 0;
}
