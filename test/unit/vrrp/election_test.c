/* SPDX-License-Identifier: ISC */
/* election_test.c - the election by a made-up clock: RFC cases, our extras. */
#include "base/clock.h"
#include "unit.h"
#include "vrrp/election.h"
#include "vrrp/group.h"

#define S CLOCK_SECOND
#define I VR_STATE_INIT
#define B VR_STATE_BACKUP
#define M VR_STATE_MASTER
#define F VR_STATE_FAULT

static const struct vr_election_rules plain = {
	.version = 2, .base = 100, .down_adverts = 3, .interval = S };

static struct vr_live
stand(enum vr_state state, unsigned priority)
{
	struct vr_live l = { .priority = (uint8_t)priority };

	memcpy(&l.state, &state, sizeof state);
	return l;
}

static struct vr_election_advert
advert(unsigned priority, int order)
{
	return (struct vr_election_advert){ .priority = (uint8_t)priority,
	    .interval = S, .from = { 4, { 10, 0, 0, 2 } }, .order = order };
}

START_TEST(times_are_those_of_the_rfcs)
{
	static const struct {
		unsigned version, priority, adverts;
		int64_t interval, learned, skew, down;
	} rows[] = {
		{ 2, 100, 3, S, 0, 609375, 3609375 },
		{ 2, 255, 3, S, 0, 3906, 3003906 },
		{ 2, 100, 3, 5 * S, 0, 609375, 15609375 },
		{ 2, 100, 1, S, 0, 609375, 1609375 },
		{ 3, 100, 3, S, 0, 609375, 3609375 },
		{ 3, 100, 3, S / 10, 0, 60937, 360937 },
		{ 3, 100, 3, S / 100, 0, 6093, 36093 },
		{ 3, 100, 3, S, 3 * S, 1828125, 10828125 },
		{ 2, 100, 3, S, 3 * S, 609375, 3609375 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct vr_election_rules r = plain;
		struct vr_live l = stand(VR_STATE_BACKUP, rows[i].priority);

		r.version = (uint8_t)rows[i].version;
		r.down_adverts = rows[i].adverts;
		r.interval = rows[i].interval;
		l.master_interval = rows[i].learned;
		ck_assert_int_eq(vr_election_skew(&r, &l), rows[i].skew);
		ck_assert_int_eq(vr_election_down(&r, &l), rows[i].down);
	}
}
END_TEST

START_TEST(adverts_mean_what_they_should)
{
	static const struct {
		enum vr_state state;
		unsigned priority;
		int order;
		bool nopreempt;
		enum vr_election_event event;
	} rows[] = {
		{ VR_STATE_BACKUP, 0, 1, false, VR_ON_ZERO },
		{ VR_STATE_BACKUP, 100, -1, false, VR_ON_ACCEPT },
		{ VR_STATE_BACKUP, 101, -1, false, VR_ON_ACCEPT },
		{ VR_STATE_BACKUP, 99, 1, false, VR_ON_LOWER },
		{ VR_STATE_BACKUP, 99, 1, true, VR_ON_ACCEPT },
		{ VR_STATE_MASTER, 0, 1, false, VR_ON_ZERO },
		{ VR_STATE_MASTER, 99, 1, false, VR_ON_LOWER },
		{ VR_STATE_MASTER, 100, -1, false, VR_ON_LOWER },
		{ VR_STATE_MASTER, 100, 0, false, VR_ON_SAME },
		{ VR_STATE_MASTER, 100, 1, false, VR_ON_HIGHER },
		{ VR_STATE_MASTER, 101, -1, false, VR_ON_HIGHER },
		{ VR_STATE_MASTER, 99, 1, true, VR_ON_LOWER },
		{ VR_STATE_MASTER, 101, -1, true, VR_ON_HIGHER },
		{ VR_STATE_MASTER, 255, -1, false, VR_ON_HIGHER },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct vr_election_rules r = plain;
		struct vr_live l = stand(rows[i].state, 100);
		struct vr_election_advert a = advert(rows[i].priority,
		    rows[i].order);

		r.nopreempt = rows[i].nopreempt;
		ck_assert_msg(vr_election_hear(&r, &l, &a, 10 * S) ==
		    rows[i].event, "row %zu", i);
	}
}
END_TEST

/* What is not in a row leaves state, timers and host as they are. */
START_TEST(every_state_and_event)
{
	static const struct row {
		enum vr_state next;
		int64_t down, advert;		/* from now; 0: none */
		unsigned acts;
	} stay[] = {
		[I] = { I, 0, 0, 0 }, [B] = { B, 1, 0, 0 },
		[M] = { M, 0, 1, 0 }, [F] = { F, 0, 0, 0 } };
	static const struct { enum vr_state state; enum vr_election_event on;
	    struct row to; } rows[] = {
#define DOWN 3609375
#define TAKE (VR_DO_ADVERT | VR_DO_HOLD | VR_DO_TELL)
#define LEAVE (VR_DO_LET_GO | VR_DO_TELL)
		{ I, VR_ON_START, { B, DOWN, 0, LEAVE } },
		{ I, VR_ON_FAULT, { F, 0, 0, LEAVE } },
		{ I, VR_ON_GROUP_BACKUP, { B, DOWN, 0, LEAVE } },
		{ B, VR_ON_FAULT, { F, 0, 0, LEAVE } },
		{ B, VR_ON_DOWN_TIMER, { M, 0, S, TAKE } },
		{ B, VR_ON_GROUP_MASTER, { M, 0, S, TAKE } },
		{ B, VR_ON_ZERO, { B, 609375, 0, 0 } },
		{ B, VR_ON_ACCEPT, { B, DOWN, 0, 0 } },
		{ B, VR_ON_HIGHER, { B, DOWN, 0, 0 } },
		{ B, VR_ON_PATIENT, { B, DOWN, 0, 0 } },
		{ B, VR_ON_STOP, { I, 0, 0, VR_DO_TELL } },
		{ M, VR_ON_FAULT, { F, 0, 0, VR_DO_ZERO | LEAVE } },
		{ M, VR_ON_ADVERT_TIMER, { M, 0, S, VR_DO_ADVERT } },
		{ M, VR_ON_ZERO, { M, 0, S, VR_DO_ADVERT } },
		{ M, VR_ON_LOWER, { M, 0, S, VR_DO_ADVERT | VR_DO_BURST } },
		{ M, VR_ON_HIGHER, { B, DOWN, 0, LEAVE } },
		{ M, VR_ON_GROUP_BACKUP, { B, DOWN, 0, LEAVE } },
		{ M, VR_ON_LATE, { B, DOWN, 0, LEAVE } },
		{ M, VR_ON_STOP, { I, 0, 0, VR_DO_ZERO | LEAVE } },
		{ F, VR_ON_CLEAR, { B, DOWN, 0, VR_DO_TELL } },
		{ F, VR_ON_STOP, { I, 0, 0, VR_DO_TELL } },
	};
	const int64_t now = 100 * S;

	for (unsigned state = I; state <= F; state++)
		for (unsigned e = 0; e < VR_ELECTION_EVENTS; e++) {
			struct vr_live l = stand(state, 100);
			struct row to = stay[state];
			unsigned acts;

			l.down_at = state == B ? now + 1 : 0;
			l.advert_at = state == M ? now + 1 : 0;
			for (size_t i = 0; i < sizeof rows / sizeof rows[0];
			    i++)
				if (rows[i].state == state && rows[i].on == e)
					to = rows[i].to;
			acts = vr_election_enter(&plain, &l, e, false, now);
			ck_assert_msg(l.state == to.next && acts == to.acts &&
			    l.down_at == (to.down == 0 ? 0 : now + to.down) &&
			    l.advert_at == (to.advert == 0 ? 0 : now +
			    to.advert), "state %u event %u: state %d acts %x "
			    "down %lld advert %lld", state, e, l.state, acts,
			    (long long)l.down_at, (long long)l.advert_at);
		}
}
END_TEST

START_TEST(an_owner_is_master_at_once)
{
	struct vr_election_rules r = plain;
	struct vr_live l = stand(VR_STATE_INIT, 255);

	r.base = 255;
	r.start_master = true;
	ck_assert_uint_eq(vr_election_enter(&r, &l, VR_ON_START, false, S),
	    TAKE);
	ck_assert_int_eq(l.state, VR_STATE_MASTER);
	ck_assert_int_eq(l.counts.become_master, 1);
	l = stand(VR_STATE_FAULT, 255);
	vr_election_enter(&r, &l, VR_ON_CLEAR, false, S);
	ck_assert_int_eq(l.state, VR_STATE_MASTER);
	r.base = 100;
	l = stand(VR_STATE_INIT, 100);
	vr_election_enter(&r, &l, VR_ON_START, false, S);
	ck_assert_int_eq(l.state, VR_STATE_BACKUP);
}
END_TEST

START_TEST(preempt_delay_waits_and_then_takes)
{
	struct vr_election_rules r = plain;
	struct vr_live l = stand(VR_STATE_BACKUP, 101);
	struct vr_election_advert lower = advert(100, 1);
	struct vr_election_advert higher = advert(102, 1);
	int64_t t = 10 * S;

	r.preempt_delay = 4 * S;
	for (; t < 14 * S; t += S) {
		ck_assert_int_eq(vr_election_hear(&r, &l, &lower, t),
		    VR_ON_PATIENT);
		vr_election_enter(&r, &l, VR_ON_PATIENT, false, t);
	}
	ck_assert_int_eq(vr_election_hear(&r, &l, &lower, t), VR_ON_LOWER);
	ck_assert_int_eq(l.down_at, 13 * S + vr_election_down(&r, &l));
	ck_assert_int_eq(vr_election_hear(&r, &l, &higher, t), VR_ON_ACCEPT);
	ck_assert_int_eq(vr_election_hear(&r, &l, &lower, t), VR_ON_PATIENT);
}
END_TEST

START_TEST(v3_learns_the_interval_and_forgets_it_as_master)
{
	struct vr_election_rules r = plain;
	struct vr_live l = stand(VR_STATE_BACKUP, 100);
	struct vr_election_advert a = advert(101, 1);

	r.version = 3;
	a.interval = 3 * S;
	vr_election_enter(&r, &l, vr_election_hear(&r, &l, &a, S), false, S);
	ck_assert_int_eq(l.down_at, S + 10828125);
	ck_assert_int_eq(vr_election_patience(&r), 3 * S);
	vr_election_enter(&r, &l, VR_ON_DOWN_TIMER, false, 12 * S);
	ck_assert_int_eq(l.advert_at, 13 * S);
	ck_assert_int_eq(l.master_interval, 0);
}
END_TEST

START_TEST(adverts_keep_their_beat)
{
	struct vr_live l = stand(VR_STATE_MASTER, 100);

	l.advert_at = 10 * S;
	vr_election_enter(&plain, &l, VR_ON_ADVERT_TIMER, false, 10 * S + 300);
	ck_assert_int_eq(l.advert_at, 11 * S);
	vr_election_enter(&plain, &l, VR_ON_ADVERT_TIMER, false, 12 * S + 5);
	ck_assert_int_eq(l.advert_at, 13 * S + 5);
}
END_TEST

/* A flood of lower adverts must not silence who does not answer them. */
START_TEST(who_does_not_answer_keeps_its_timer)
{
	struct vr_election_rules r = plain;
	struct vr_live l = stand(VR_STATE_MASTER, 100);

	r.lower_no_advert = true;
	l.advert_at = 10 * S;
	ck_assert_uint_eq(vr_election_enter(&r, &l, VR_ON_LOWER, false,
	    9 * S + S / 2), VR_DO_BURST);
	ck_assert_int_eq(l.advert_at, 10 * S);
	r.higher_advert = true;
	ck_assert(vr_election_enter(&r, &l, VR_ON_HIGHER, false, 9 * S) &
	    VR_DO_ADVERT);
}
END_TEST

START_TEST(weights_are_clamped)
{
	static const struct { unsigned base; int64_t weight; unsigned is; }
	    rows[] = {
		{ 100, 0, 100 }, { 100, -20, 80 }, { 100, 20, 120 },
		{ 100, -253, 1 }, { 100, 253, 254 }, { 255, -253, 255 },
		{ 254, 1, 254 }, { 1, -1, 1 }, { 100, INT32_MAX, 254 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_uint_eq(vr_election_priority((uint8_t)rows[i].base,
		    rows[i].weight), rows[i].is);
}
END_TEST

START_TEST(a_group_moves_as_one)
{
	struct vr_live a = stand(VR_STATE_BACKUP, 100);
	struct vr_live b = stand(VR_STATE_BACKUP, 100);
	struct vr_live *members[] = { &a, &b };
	const struct vr_group g = { .count = 2, .members = members };
	enum vr_state state;

	ck_assert_uint_eq(vr_election_enter(&plain, &a, VR_ON_DOWN_TIMER,
	    true, S), VR_DO_WANT);
	ck_assert_int_eq(a.state, VR_STATE_BACKUP);
	ck_assert(!vr_group_wants_master(&g));
	a.wanted = b.wanted = VR_STATE_MASTER;
	ck_assert(vr_group_wants_master(&g));
	ck_assert(vr_group_settled(&g, &state) && state == VR_STATE_BACKUP);
	vr_election_enter(&plain, &a, VR_ON_GROUP_MASTER, true, S);
	ck_assert(vr_group_wants_master(&g));
	ck_assert(!vr_group_settled(&g, &state));
	vr_election_enter(&plain, &b, VR_ON_GROUP_MASTER, true, S);
	ck_assert(vr_group_settled(&g, &state) && state == VR_STATE_MASTER);
	b.faults = VR_FAULT_LINK;
	ck_assert_uint_eq(vr_group_faults(&g), VR_FAULT_LINK);
	vr_election_enter(&plain, &b, VR_ON_FAULT, true, S);
	ck_assert(!vr_group_wants_master(&g));
}
END_TEST

/* ---- two owners */

static const struct vr_election_rules owner = { .version = 2, .base = 255,
	.down_adverts = 3, .interval = S, .start_master = true };

static enum vr_election_event
meet(struct vr_live *l, unsigned priority, int order, int64_t now)
{
	struct vr_election_advert a = advert(priority, order);
	enum vr_election_event event = vr_election_hear(&owner, l, &a, now);

	vr_election_enter(&owner, l, event, false, now);
	return event;
}

START_TEST(the_owner_with_the_lower_address_gives_way)
{
	struct vr_live l = stand(VR_STATE_MASTER, 255);

	ck_assert_int_eq(meet(&l, 255, 1, 10 * S), VR_ON_HIGHER);
	ck_assert_int_eq(l.state, VR_STATE_BACKUP);
	ck_assert_uint_eq(l.priority, 254);
	ck_assert_uint_eq(vr_election_weigh(&owner, &l), 254);
	ck_assert_int_eq(meet(&l, 255, 1, 11 * S), VR_ON_ACCEPT);
	/* The other stops: we are the owner again, from the first advert. */
	ck_assert_int_eq(meet(&l, 0, 1, 12 * S), VR_ON_ZERO);
	vr_election_enter(&owner, &l, VR_ON_DOWN_TIMER, false, 13 * S);
	ck_assert_int_eq(l.state, VR_STATE_MASTER);
	ck_assert_uint_eq(l.priority, 255);
	ck_assert_uint_eq(vr_election_weigh(&owner, &l), 255);
}
END_TEST

START_TEST(an_owner_that_does_not_give_way_wins)
{
	struct vr_live l = stand(VR_STATE_MASTER, 255);
	struct vr_election_rules other = owner;
	int64_t t = 10 * S;

	/* Two of ours at 10 and 11 s, then 1.2 s. */
	for (; t < 13 * S; t += S)
		ck_assert_int_eq(meet(&l, 255, -1, t), VR_ON_LOWER);
	ck_assert_int_eq(meet(&l, 255, -1, t), VR_ON_HIGHER);
	ck_assert_uint_eq(l.priority, 254);
	ck_assert_int_eq(l.state, VR_STATE_BACKUP);
	vr_election_enter(&owner, &l, VR_ON_FAULT, false, t);
	ck_assert_uint_eq(l.priority, 255);
	/* One advert now and then is no duel. */
	l = stand(VR_STATE_MASTER, 255);
	for (t = 10 * S; t < 100 * S; t += 4 * S)
		ck_assert_int_eq(meet(&l, 255, -1, t), VR_ON_LOWER);
	/* A reload makes it an ordinary one. */
	l.lowered = 255;
	other.base = 100;
	ck_assert_uint_eq(vr_election_weigh(&other, &l), 100);
	ck_assert_uint_eq(l.lowered, 0);
}
END_TEST

/* timer_expired_backup PRIORITY: until it is master again. */
START_TEST(who_woke_late_has_the_priority_for_that)
{
	struct vr_election_rules r = plain;
	struct vr_live l = stand(VR_STATE_MASTER, 100);

	r.nopreempt = true;
	r.late_priority = 7;
	vr_election_enter(&r, &l, VR_ON_LATE, false, 10 * S);
	ck_assert_int_eq(l.state, VR_STATE_BACKUP);
	ck_assert_uint_eq(l.priority, 7);
	ck_assert_uint_eq(vr_election_weigh(&r, &l), 7);
	vr_election_enter(&r, &l, VR_ON_DOWN_TIMER, false, 20 * S);
	ck_assert_uint_eq(l.priority, 100);
	r.late_priority = 0;
	vr_election_enter(&r, &l, VR_ON_LATE, false, 30 * S);
	ck_assert_uint_eq(l.priority, 100);
}
END_TEST

UNIT_MAIN("vrrp/election", who_woke_late_has_the_priority_for_that, the_owner_with_the_lower_address_gives_way,
    an_owner_that_does_not_give_way_wins, times_are_those_of_the_rfcs,
    adverts_mean_what_they_should, every_state_and_event,
    an_owner_is_master_at_once, preempt_delay_waits_and_then_takes,
    v3_learns_the_interval_and_forgets_it_as_master, adverts_keep_their_beat,
    who_does_not_answer_keeps_its_timer, weights_are_clamped,
    a_group_moves_as_one)
