/* SPDX-License-Identifier: ISC */
/*
 * child.c - receives, decides by the election's table, carries the decision
 * out: adverts at once, the rest as events for the parent. Adverts leave
 * before the parent hears of anything, so that the old master lets go before
 * our addresses come up. Its own process, one thread.
 */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "vrrp/child.h"
#include "vrrp/say.h"
#include "vrrp/split.h"
#include "vrrp/turn.h"
#include "vrrp/view.h"

enum {
	BATCHES = 4,			/* of packets in one turn */
	BATCHES_MOST = 512,		/* that may wait on a wire */
	SPELLS = 5,			/* of reading, in the time it may run */
	PEER_LINES = 1, MASTER_LINES = 4	/* a second at most */
};

static const int64_t burst_gap = 100 * CLOCK_MS;

static struct {
	struct vr_cast *cast;
	struct vr_instance **first;	/* [wire][vrid]: chains by 'same' */
	struct vr_turn_timer timer;
	int64_t patience;		/* the least of all instances */
	int64_t due;			/* the timer's time; 0: it is off */
	pid_t pid;
	bool ring;			/* the parent is to be told */
	bool leads;			/* until then the parent speaks for us */
	bool over;
} me;

static void step(struct vr_instance *, enum vr_election_event);

/* ---- telling the parent */

static void
push(enum vr_live_act act, unsigned slot, enum vr_state state,
    uint8_t priority)
{
	struct vr_live_board *b = me.cast->board;
	uint32_t head = atomic_load(&b->head);

	b->event[head % VR_LIVE_EVENTS] = (struct vr_live_event){
	    (uint8_t)act, (uint8_t)state, priority, (uint16_t)slot };
	atomic_store(&b->head, head + 1);
	me.ring = true;
}

static void
ring_bell(void)
{
	uint64_t one = 1;

	if (me.ring && write(me.cast->up, &one, sizeof one) < 0 &&
	    errno != EAGAIN)
		die("the parent cannot be told: errno %d", errno);
	me.ring = false;
}

/* ---- groups */

static void
tell_group(struct vr_group *g, enum vr_state state)
{
	struct vr_live_board *b = me.cast->board;

	if (b->group_state[g->number] == state)
		return;
	b->group_state[g->number] = (uint8_t)state;
	push(VR_ACT_GROUP, g->number, state, 0);
}

static void
move_group(struct vr_group *g, struct vr_instance *but,
    enum vr_election_event event, enum vr_state to)
{
	bool said = false;

	for (unsigned k = 0; k < me.cast->count; k++) {
		struct vr_instance *i = &me.cast->at[k];

		if (i->group != g || i == but || i->live->state == to)
			continue;
		if (!said)
			vr_say_info("VRRP_Group(%s) Syncing instances to %s "
			    "state", g->conf->name,
			    vr_election_state_name(to));
		said = true;
		step(i, event);
	}
}

/* A member waits to be master: when all do, it goes first. */
static void
want_master(struct vr_instance *i)
{
	i->live->wanted = VR_STATE_MASTER;
	if (!vr_group_wants_master(i->group))
		return;
	step(i, VR_ON_GROUP_MASTER);
	move_group(i->group, i, VR_ON_GROUP_MASTER, VR_STATE_MASTER);
}

static void
draw_along(struct vr_instance *i, enum vr_state from)
{
	enum vr_state state;

	if (i->group == NULL)
		return;
	if (from == VR_STATE_MASTER && i->live->state == VR_STATE_BACKUP)
		for (unsigned k = 0; k < me.cast->count; k++)
			if (me.cast->at[k].group == i->group &&
			    me.cast->at[k].live->state == VR_STATE_MASTER) {
				move_group(i->group, i, VR_ON_GROUP_BACKUP,
				    VR_STATE_BACKUP);
				break;
			}
	if (vr_group_settled(i->group, &state))
		tell_group(i->group, state);
}

/* ---- moves */

static void
say_state(const struct vr_instance *i, enum vr_state from)
{
	const char *init = from == VR_STATE_INIT ? " (init)" : "";

	switch (i->live->state) {
	case VR_STATE_MASTER:
		vr_say_info("(%s) Entering MASTER STATE", i->conf->name);
		return;
	case VR_STATE_BACKUP:
		vr_say_info("(%s) Entering BACKUP STATE%s", i->conf->name,
		    init);
		return;
	case VR_STATE_FAULT:
		vr_say_info("(%s) Entering FAULT STATE%s", i->conf->name,
		    init);
		return;
	case VR_STATE_INIT:
		return;
	}
}

/* Who is preempted may have begun just now, and announce behind us. */
static void
expect_announcement(struct vr_instance *i)
{
	int64_t now = vr_turn_now();

	if (i->lower_at != 0 && now - i->lower_at <=
	    vr_election_patience(&i->rules))
		i->burst_due = now + burst_gap;
}

static void
tell_state(struct vr_instance *i, enum vr_state from)
{
	struct vr_live *l = i->live;

	l->wanted = l->state;
	l->last_change = clock_wall();
	i->told = 0;
	if (l->state == VR_STATE_MASTER) {
		l->master = l->source;
		l->master_priority = l->priority;
		expect_announcement(i);
	}
	vr_split_move(l, vr_turn_now());
	say_state(i, from);
	if (from == VR_STATE_INIT && i->group != NULL)
		tell_group(i->group, l->state);	/* where all begin */
	push(VR_ACT_STATE, i->slot, l->state, l->priority);
	draw_along(i, from);
}

/*
 * A flood of lower adverts must not become one of announcements. The peer may
 * announce behind its advert, and behind our answer to it: so once more.
 */
static void
burst(struct vr_instance *i)
{
	if (i->burst_at != 0 && vr_turn_now() - i->burst_at < burst_gap)
		return;
	i->burst_at = vr_turn_now();
	i->burst_due = vr_turn_now() + burst_gap;
	push(VR_ACT_BURST, i->slot, i->live->state, i->live->priority);
	for (unsigned k = 0; i->group != NULL && k < me.cast->count; k++) {
		struct vr_instance *other = &me.cast->at[k];

		if (other != i && other->group == i->group &&
		    other->live->state == VR_STATE_MASTER)
			push(VR_ACT_BURST, other->slot, VR_STATE_INIT, 0);
	}
}

static void
step(struct vr_instance *i, enum vr_election_event event)
{
	struct vr_live *l = i->live;
	enum vr_state from = l->state;
	unsigned acts = vr_election_enter(&i->rules, l, event,
	    i->group != NULL, vr_turn_now());

	if (acts & VR_DO_ADVERT) {
		vr_instance_send(i, l->priority);
		l->last_sent = vr_turn_now();
	}
	if (acts & VR_DO_ZERO) {
		vr_instance_send(i, 0);
		vr_say_detail("(%s) sent 0 priority", i->conf->name);
	}
	if (acts & VR_DO_WANT)
		want_master(i);
	if (acts & VR_DO_TELL)
		tell_state(i, from);
	if (acts & VR_DO_BURST)
		burst(i);
}

/* ---- what is heard */

/* What others send makes no flood of lines. */
static bool
may_say(struct vr_told *t, unsigned most)
{
	int64_t now = vr_turn_now();

	if (t->since == 0 || now - t->since >= CLOCK_SECOND)
		*t = (struct vr_told){ .since = now };
	return t->lines++ < most;
}

static void
say_heard(struct vr_instance *i, enum vr_election_event event,
    const struct vr_election_advert *a)
{
	char from[VR_PACKET_IP_TEXT];
	const struct vr_live *l = i->live;
	bool master = l->state == VR_STATE_MASTER;

	if (event == VR_ON_ZERO) {
		if (!master && may_say(&i->masters, MASTER_LINES))
			vr_say_detail("(%s) Backup received priority 0 "
			    "advertisement", i->conf->name);
		return;
	}
	if (!master && event != VR_ON_LOWER)
		return;
	if (event == VR_ON_LOWER && !may_say(&i->peers, PEER_LINES))
		return;
	vr_packet_ip_print(&a->from, from);
	if (!master)
		vr_say_detail("(%s) received lower priority (%u) advert from "
		    "%s - discarding", i->conf->name, a->priority, from);
	else if (event == VR_ON_LOWER)
		vr_say_info("(%s) Received advert from %s with lower "
		    "priority %u, ours %u, forcing new election",
		    i->conf->name, from, a->priority, l->priority);
	else if (event == VR_ON_SAME && may_say(&i->peers, PEER_LINES))
		vr_say_warn("(%s) WARNING - equal priority advert received "
		    "from our own address %s", i->conf->name, from);
	else if (event == VR_ON_HIGHER && a->priority == l->priority)
		vr_say_info("(%s) Master received advert from %s with same "
		    "priority %u but higher IP address than ours",
		    i->conf->name, from, a->priority);
	else if (event == VR_ON_HIGHER)
		vr_say_info("(%s) Master received advert from %s with higher "
		    "priority %u, ours %u", i->conf->name, from,
		    a->priority, l->priority);
}

static void
say_master(struct vr_instance *i, const struct vr_ip *was, int64_t interval)
{
	char old[VR_PACKET_IP_TEXT], now[VR_PACKET_IP_TEXT];
	const struct vr_live *l = i->live;
	bool same = vr_packet_ip_same(was, &l->master);

	if ((same && interval == l->master_interval) ||
	    !may_say(&i->masters, MASTER_LINES))
		return;
	if (!same) {
		vr_packet_ip_print(was, old);
		vr_packet_ip_print(&l->master, now);
		if (was->len == 0)
			vr_say_detail("(%s) master set to %s", i->conf->name,
			    now);
		else
			vr_say_detail("(%s) master changed from %s to %s",
			    i->conf->name, old, now);
	}
	if (interval == l->master_interval || l->master_interval == 0 ||
	    (interval == 0 && l->master_interval == i->rules.interval))
		return;
	if (interval != 0)
		vr_say_detail("(%s) advertisement interval updated from "
		    "%lldms to %lldms by master", i->conf->name,
		    (long long)(interval / CLOCK_MS),
		    (long long)(l->master_interval / CLOCK_MS));
	if (l->master_interval > i->rules.interval)
		vr_say_info("(%s) master announces %lld.%02lld s, ours is "
		    "%lld.%02lld s", i->conf->name,
		    (long long)(l->master_interval / CLOCK_SECOND),
		    (long long)(l->master_interval % CLOCK_SECOND / 10000),
		    (long long)(i->rules.interval / CLOCK_SECOND),
		    (long long)(i->rules.interval % CLOCK_SECOND / 10000));
}

/* Its own pace when it says one that is slower than ours. */
static void
watch_split(struct vr_instance *i, const struct vr_election_advert *a,
    bool rival)
{
	int64_t pace = i->rules.version == 3 && a->interval >
	    i->rules.interval ? a->interval : i->rules.interval;
	const struct vr_split_heard h = { .from = a->from,
	    .priority = a->priority, .rival = rival, .interval = pace };
	char from[VR_PACKET_IP_TEXT], other[VR_PACKET_IP_TEXT];
	struct vr_live *l = i->live;

	if (vr_split_hear(l, &h, vr_turn_now()) != VR_SPLIT_BEGUN)
		return;
	vr_packet_ip_print(&a->from, from);
	if (l->state == VR_STATE_MASTER)
		vr_say_warn("(%s) two masters: %s with priority %u is one "
		    "too", i->conf->name, from, a->priority);
	else
		vr_say_warn("(%s) two masters: %s and %s", i->conf->name,
		    vr_packet_ip_print(&l->sender[1].from, other), from);
}

static void
look_at_split(struct vr_instance *i, int64_t now)
{
	if (vr_split_look(i->live, now) == VR_SPLIT_OVER)
		vr_say_info("(%s) one master again", i->conf->name);
}

static void
tell_yielded(struct vr_instance *i)
{
	vr_say_error("(%s) CONFIGURATION ERROR: local instance and a remote "
	    "instance are both configured as address owner, please fix - "
	    "reducing local priority", i->conf->name);
	push(VR_ACT_PRIORITY, i->slot, i->live->state, i->live->priority);
}

static void
hear(struct vr_instance *i, const struct vr_packet_seen *s,
    const struct vr_packet_advert *p)
{
	struct vr_live *l = i->live;
	struct vr_ip was = l->master;
	int64_t interval = l->master_interval;
	const struct vr_election_advert a = {
		.priority = p->priority, .interval = p->interval,
		.from = s->from,
		.order = vr_packet_ip_compare(&s->from, &l->source) };
	enum vr_election_event event;
	uint8_t lowered = l->lowered;

	l->counts.advert_received++;
	if (p->priority == 0)
		l->counts.zero_received++;
	event = vr_election_hear(&i->rules, l, &a, vr_turn_now());
	if (event == VR_ON_LOWER)
		i->lower_at = vr_turn_now();
	watch_split(i, &a, event == VR_ON_LOWER);
	if (l->lowered != lowered)
		tell_yielded(i);
	if (event == VR_ON_ACCEPT || event == VR_ON_PATIENT ||
	    event == VR_ON_ZERO)
		l->wanted = l->state;
	say_heard(i, event, &a);
	if (l->state == VR_STATE_BACKUP)
		say_master(i, &was, interval);
	step(i, event);
}

static void
say_list(struct vr_instance *i, const struct vr_packet_seen *s,
    const struct vr_packet_advert *a)
{
	char from[VR_PACKET_IP_TEXT];

	i->live->counts.address_list++;
	if (i->told & 1u << VR_PACKET_GOOD)
		return;
	i->told |= 1u << VR_PACKET_GOOD;
	vr_packet_ip_print(&s->from, from);
	if (a->count != i->form.count)
		vr_say_info("(%s) expected %u VIPs but received %u from %s",
		    i->conf->name, i->form.count, a->count, from);
	else
		vr_say_info("(%s) ip address associated with VRID %u not "
		    "present in advert from %s", i->conf->name, a->vrid,
		    from);
}

static void
judge(struct vr_instance *i, const struct vr_packet_seen *s)
{
	char words[VR_PACKET_WORDS];
	struct vr_packet_advert a;
	enum vr_packet_verdict verdict;

	if (i->live->state != VR_STATE_BACKUP &&
	    i->live->state != VR_STATE_MASTER)
		return;
	verdict = vr_packet_check(&i->form, s, &a);
	vr_packet_count(&i->live->counts, verdict);
	if (verdict == VR_PACKET_GOOD) {
		if (a.odd_list)
			say_list(i, s, &a);
		if (a.group_sum)
			i->form.checksum_group = true;
		hear(i, s, &a);
		return;
	}
	if (i->told & 1u << verdict)
		return;
	i->told |= 1u << verdict;
	vr_say_info("(%s) %s", i->conf->name, vr_packet_explain(&i->form, s,
	    &a, verdict, words));
}

/* Which of the routers with this number: by the peer, where there are
 * several; the first, where the peer does not say. */
static struct vr_instance *
pick(struct vr_instance *first, const struct vr_ip *from)
{
	struct vr_instance *i;

	if (first == NULL || first->same == NULL)
		return first;
	for (i = first; i != NULL; i = i->same)
		for (unsigned k = 0; k < i->form.peer_count; k++)
			if (vr_packet_ip_same(&i->form.peers[k].ip, from))
				return i;
	return first;
}

static void
read_wire(struct vr_wire *w, unsigned batches)
{
	struct vr_packet_seen seen[VR_WIRE_BATCH];
	unsigned n = VR_WIRE_BATCH;

	for (unsigned b = 0; b < batches && n == VR_WIRE_BATCH; b++) {
		vr_turn_breathe();
		n = vr_wire_receive(w, seen);
		for (unsigned k = 0; k < n; k++) {
			int vrid = vr_packet_vrid(&seen[k], w->key.family);
			struct vr_instance *i = vrid < 0 ? NULL :
			    pick(me.first[w->number * 256 + (unsigned)vrid],
			    &seen[k].from);

			if (i != NULL)
				judge(i, &seen[k]);
			else if (me.cast->config->global.log_unknown_vrids)
				vr_say_info("Received advert with unknown "
				    "VRID %d on %s", vrid, w->name);
		}
	}
}

static void
on_packets(void *arg)
{
	read_wire(arg, BATCHES);
}

/* Who slept must not call the master silent before all is read. */
static void
hear_waiting(int64_t now)
{
	unsigned k;

	for (k = 0; k < me.cast->count && (me.cast->at[k].live->down_at == 0 ||
	    me.cast->at[k].live->down_at > now); k++)
		;
	if (k == me.cast->count)
		return;
	for (struct vr_wire *w = vr_wire_first(); w != NULL; w = w->next)
		read_wire(w, BATCHES_MOST);
}

/* ---- what the parent says */

static void
weigh(struct vr_instance *i)
{
	struct vr_live *l = i->live;
	uint8_t p = vr_election_weigh(&i->rules, l);

	if (p == l->priority)
		return;
	if (l->priority != 0) {
		vr_say_info("(%s) Changing effective priority from %u to %u",
		    i->conf->name, l->priority, p);
		l->priority = p;
		push(VR_ACT_PRIORITY, i->slot, l->state, p);
	}
	l->priority = p;
}

static void
look(struct vr_instance *i)
{
	uint32_t faults = i->group == NULL ? i->live->faults :
	    vr_group_faults(i->group);
	enum vr_state state = i->live->state;

	weigh(i);
	if (faults != 0 && state != VR_STATE_FAULT)
		step(i, VR_ON_FAULT);
	else if (faults == 0 && state == VR_STATE_FAULT)
		step(i, VR_ON_CLEAR);
	else if (faults == 0 && state == VR_STATE_INIT)
		step(i, VR_ON_START);
}

/* Those whose own fault it is come first, then who is drawn along. */
static void
look_all(void)
{
	for (unsigned k = 0; k < me.cast->count; k++)
		if (me.cast->at[k].live->faults != 0)
			look(&me.cast->at[k]);
	for (unsigned k = 0; k < me.cast->count; k++)
		if (me.cast->at[k].live->faults == 0)
			look(&me.cast->at[k]);
}

/*
 * We slept longer than the peers wait: one of them is master now, or should
 * be. Before anything is sent or read, we are not any more.
 */
static void
give_up_late(int64_t now)
{
	for (unsigned k = 0; k < me.cast->count; k++) {
		struct vr_instance *i = &me.cast->at[k];

		if (i->live->state != VR_STATE_MASTER ||
		    i->live->last_sent == 0 || now - i->live->last_sent <=
		    vr_election_patience(&i->rules))
			continue;
		i->live->counts.late++;
		vr_say_warn("(%s) we slept %lld ms, longer than peers wait: "
		    "no longer master", i->conf->name, (long long)((now -
		    i->live->last_sent) / CLOCK_MS));
		step(i, VR_ON_LATE);
	}
}

static void
stop(void)
{
	for (unsigned k = 0; k < me.cast->count; k++)
		step(&me.cast->at[k], VR_ON_STOP);
	me.over = true;
}

/*
 * Another child follows, and a busy host may let it wait: with an advert sent
 * now, it has a whole interval to come up.
 */
static void
bow_out(void)
{
	me.over = true;
	if (!me.leads)
		return;
	give_up_late(vr_turn_now());
	for (unsigned k = 0; k < me.cast->count; k++)
		if (me.cast->at[k].live->state == VR_STATE_MASTER)
			step(&me.cast->at[k], VR_ON_ADVERT_TIMER);
}

static void
take_lead(void)
{
	me.leads = true;
	for (struct vr_wire *w = vr_wire_first(); w != NULL; w = w->next)
		vr_turn_watch(w->fd, on_packets, w);
	give_up_late(vr_turn_now());
}

static void
on_bell(void *arg)
{
	uint64_t rings;

	if (read(me.cast->down, &rings, sizeof rings) < 0 && errno != EAGAIN)
		die("the parent cannot be heard: errno %d", errno);
	if (me.cast->board->retire)
		bow_out();
	else if (me.cast->board->stop)
		stop();
	else {
		if (!me.leads && me.cast->board->leads == me.pid)
			take_lead();
		if (me.leads)
			look_all();
	}
}

/* ---- time */

static void
note_late(int64_t by)
{
	struct vr_live_board *b = me.cast->board;
	unsigned i;

	for (i = 0; i < VR_VIEW_LATE &&
	    (double)by > vr_view_late[i] * (double)CLOCK_SECOND; i++)
		;
	b->late[i]++;
	b->late_sum += by;
}

/* Only the parent may do something about it. */
static void
complain_late(int64_t by)
{
	const struct vr_global_conf *g = &me.cast->config->global;

	if (g->max_auto_priority <= 0 || by < g->min_auto_priority_delay)
		return;
	vr_say_info("A thread timer expired %lld.%06lld seconds ago",
	    (long long)(by / CLOCK_SECOND), (long long)(by % CLOCK_SECOND));
	me.cast->board->slow++;
	me.ring = true;
}

static void
on_timer(void *arg)
{
	int64_t now = vr_turn_now();

	if (me.due != 0 && me.due < now)
		complain_late(now - me.due);
	give_up_late(now);
	hear_waiting(now);
	for (unsigned k = 0; k < me.cast->count; k++) {
		struct vr_instance *i = &me.cast->at[k];

		if (i->live->advert_at != 0 && i->live->advert_at <= now) {
			note_late(now - i->live->advert_at);
			step(i, VR_ON_ADVERT_TIMER);
		}
		if (i->live->down_at != 0 && i->live->down_at <= now) {
			note_late(now - i->live->down_at);
			vr_say_detail("(%s) Receive advertisement timeout",
			    i->conf->name);
			step(i, VR_ON_DOWN_TIMER);
		}
		if (i->burst_due != 0 && i->burst_due <= now) {
			i->burst_due = 0;
			push(VR_ACT_BURST, i->slot, VR_STATE_INIT, 0);
		}
		look_at_split(i, now);
	}
}

static void
note(int64_t *earliest, int64_t at)
{
	if (at != 0 && (*earliest == 0 || at < *earliest))
		*earliest = at;
}

static void
on_failed(const struct vr_wire *w, int error)
{
	static int64_t told;

	if (told != 0 && vr_turn_now() - told < CLOCK_SECOND)
		return;
	told = vr_turn_now();
	vr_say_info("cannot send adverts on %s: %s", w->name[0] == '\0' ?
	    "any interface" : w->name, strerror(error));
}

/* The end of a turn: what was decided leaves, adverts first. */
static void
after_turn(void)
{
	int64_t earliest = 0;

	if (clock_now() - vr_turn_now() > me.patience)
		vr_wire_discard();	/* we were stopped in between */
	else
		vr_wire_flush(on_failed);
	ring_bell();
	if (me.over)
		vr_turn_end(0);
	for (unsigned k = 0; me.leads && k < me.cast->count; k++) {
		note(&earliest, me.cast->at[k].live->advert_at);
		note(&earliest, me.cast->at[k].live->down_at);
		note(&earliest, me.cast->at[k].burst_due);
		note(&earliest, me.cast->at[k].live->split_end);
	}
	me.due = earliest;
	if (earliest == 0)
		vr_turn_stop(&me.timer);
	else
		vr_turn_at(&me.timer, earliest);
}

/* ---- start */

static void
sort_instances(void)
{
	me.first = mem_need((vr_wire_count() + 1) * 256 * sizeof *me.first);
	for (unsigned k = me.cast->count; k-- > 0; ) {
		struct vr_instance *i = &me.cast->at[k];
		struct vr_instance **at;

		if (i->wire == NULL)
			continue;
		at = &me.first[i->wire->number * 256 + i->form.vrid];
		i->same = *at;
		*at = i;
	}
}

static int64_t
least_patience(void)
{
	int64_t least = INT64_MAX;

	for (unsigned k = 0; k < me.cast->count; k++) {
		int64_t p = vr_election_patience(&me.cast->at[k].rules);

		if (p < least)
			least = p;
	}
	return least;
}

int
vr_child_run(struct vr_cast *cast)
{
	me.cast = cast;
	me.patience = least_patience();
	vr_turn_init();
	sort_instances();
	me.timer = (struct vr_turn_timer){ .fire = on_timer };
	me.pid = getpid();
	vr_turn_spell(cast->config->global.rlimit_rttime / SPELLS);
	vr_turn_watch(cast->down, on_bell, NULL);
	vr_turn_after(after_turn);
	cast->board->ready = me.pid;
	me.ring = true;
	return vr_turn_run();
}
