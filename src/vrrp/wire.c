/* SPDX-License-Identifier: ISC */
/*
 * wire.c - raw sockets: opening, joining, sending in batches, receiving with
 * what the kernel knows of each packet. One thread.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "vrrp/wire.h"

enum {
	QUEUE = 64,			/* packets of one call */
	QUEUE_BYTES = 64 * 1024,
	TRAFFIC_CLASS = 0xc0,
	ROOM = 1 << 20,			/* for what waits: a flood must not
					 * push the master's adverts out */
	CONTROL_PRIORITY = 7		/* TC_PRIO_CONTROL */
};

union control {			/* room for what stands beside a packet */
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
	    CMSG_SPACE(sizeof(int))];
};

static struct vr_wire *wires;
static unsigned count;

/* ---- opening */

static int
set_flag(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static int
set4(const struct vr_wire *w)
{
	struct ip_mreqn join = { .imr_ifindex = (int)w->key.index };

	/* Before anything is joined: only groups of this socket. */
	set_flag(w->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	if (set_flag(w->fd, IPPROTO_IP, IP_HDRINCL, 1) < 0)
		return -1;
	if (w->key.unicast)
		return 0;
	memcpy(&join.imr_multiaddr, w->key.group.at, 4);
	if (setsockopt(w->fd, IPPROTO_IP, IP_MULTICAST_IF, &join,
	    sizeof join) < 0 ||
	    set_flag(w->fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) < 0)
		return -1;
	return setsockopt(w->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join,
	    sizeof join);
}

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

static int
set6(const struct vr_wire *w)
{
	struct ipv6_mreq join = { .ipv6mr_interface = w->key.index };

	set_flag(w->fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	if (set_flag(w->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) < 0 ||
	    set_flag(w->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) < 0 ||
	    set_flag(w->fd, IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS) < 0 ||
	    set_flag(w->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS,
	    w->key.hops) < 0)
		return -1;
	if (w->key.unicast)
		return 0;
	memcpy(&join.ipv6mr_multiaddr, w->key.group.at, 16);
	if (set_flag(w->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS,
	    w->key.hops) < 0 ||
	    set_flag(w->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF,
	    (int)w->key.index) < 0 ||
	    set_flag(w->fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) < 0)
		return -1;
	return setsockopt(w->fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &join,
	    sizeof join);
}

/* What the file asks for, else room for what comes while we sleep. */
static void
set_buffer(const struct vr_wire *w)
{
	int64_t bytes = w->buffer > 0 ? w->buffer : ROOM;
	int size = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;

	if (set_flag(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, size) < 0)
		set_flag(w->fd, SOL_SOCKET, SO_RCVBUF, size);
}

static int
open_socket(struct vr_wire *w, struct why *why)
{
	int family = w->key.family == 4 ? AF_INET : AF_INET6;

	w->fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    VR_PACKET_PROTOCOL);
	if (w->fd < 0)
		return why_errno(why, "cannot open a raw socket");
	if (w->key.index != 0 && if_indextoname(w->key.index, w->name) == NULL)
		return why_errno(why, "interface %u", w->key.index);
	if (w->name[0] != '\0' && setsockopt(w->fd, SOL_SOCKET,
	    SO_BINDTODEVICE, w->name, (socklen_t)strlen(w->name) + 1) < 0)
		return why_errno(why, "cannot bind to %s", w->name);
	set_flag(w->fd, SOL_SOCKET, SO_PRIORITY, CONTROL_PRIORITY);
	if ((w->key.family == 4 ? set4 : set6)(w) < 0)
		return why_errno(why, "cannot set up the socket on %s",
		    w->name[0] == '\0' ? "all interfaces" : w->name);
	return 0;
}

static bool
same_key(const struct vr_wire_key *a, const struct vr_wire_key *b)
{
	return a->family == b->family && a->unicast == b->unicast &&
	    a->index == b->index && a->hops == b->hops &&
	    (a->unicast || vr_packet_ip_same(&a->group, &b->group));
}

struct vr_wire *
vr_wire_first(void)
{
	return wires;
}

unsigned
vr_wire_count(void)
{
	return count;
}

static void
close_wire(struct vr_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	mem_drop(w);
}

struct vr_wire *
vr_wire_get(const struct vr_wire_key *key, int64_t buffer, struct why *why)
{
	struct vr_wire *w, **end = &wires;

	for (w = wires; w != NULL && !same_key(&w->key, key); w = w->next)
		end = &w->next;
	if (w == NULL) {
		w = mem_zero(sizeof *w);
		if (w == NULL) {
			why_set(why, "out of memory");
			return NULL;
		}
		w->key = *key;
		if (open_socket(w, why) < 0) {
			close_wire(w);
			return NULL;
		}
		w->number = count++;
		*end = w;
	}
	w->buffer += buffer;
	w->wanted = true;
	return w;
}

void
vr_wire_unwant(void)
{
	for (struct vr_wire *w = wires; w != NULL; w = w->next) {
		w->wanted = false;
		w->buffer = 0;
	}
}

void
vr_wire_sweep(void)
{
	struct vr_wire **at = &wires, *w;

	count = 0;
	while ((w = *at) != NULL) {
		if (w->wanted) {
			w->number = count++;
			set_buffer(w);
			at = &w->next;
		} else {
			*at = w->next;
			close_wire(w);
		}
	}
}

void
vr_wire_close_all(void)
{
	vr_wire_unwant();
	vr_wire_sweep();
}

/* ---- sending */

static struct {
	struct {
		struct vr_wire *by;
		struct vr_packet_ends ends;
		size_t at, len;
	} packet[QUEUE];
	unsigned count;
	size_t used;
	uint8_t bytes[QUEUE_BYTES];
} queue;

union end {
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t
set_end(union end *to, const struct vr_wire *w, const struct vr_ip *ip)
{
	memset(to, 0, sizeof *to);
	if (ip->len == 4) {
		to->in.sin_family = AF_INET;
		memcpy(&to->in.sin_addr, ip->at, 4);
		return sizeof to->in;
	}
	to->in6.sin6_family = AF_INET6;
	to->in6.sin6_scope_id = w->key.index;
	memcpy(&to->in6.sin6_addr, ip->at, 16);
	return sizeof to->in6;
}

/* IPv6: which of the interface's addresses it leaves from. */
static void
set_source(struct msghdr *m, union control *c, const struct vr_wire *w,
    const struct vr_ip *from)
{
	struct in6_pktinfo info = { .ipi6_ifindex = w->key.index };
	struct cmsghdr *head;

	if (from->len != 16)
		return;
	m->msg_control = c->room;
	m->msg_controllen = CMSG_SPACE(sizeof info);
	head = CMSG_FIRSTHDR(m);
	head->cmsg_level = IPPROTO_IPV6;
	head->cmsg_type = IPV6_PKTINFO;
	head->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(&info.ipi6_addr, from->at, 16);
	memcpy(CMSG_DATA(head), &info, sizeof info);
}

/* One call for packets of one wire; one that fails is told and left out. */
static void
send_some(unsigned first, unsigned n,
    void (*failed)(const struct vr_wire *, int error))
{
	static struct mmsghdr messages[QUEUE];
	static struct iovec parts[QUEUE];
	static union end ends[QUEUE];
	static union control controls[QUEUE];
	struct vr_wire *w = queue.packet[first].by;

	for (unsigned i = 0; i < n; i++) {
		struct msghdr *m = &messages[i].msg_hdr;

		parts[i].iov_base = queue.bytes + queue.packet[first + i].at;
		parts[i].iov_len = queue.packet[first + i].len;
		*m = (struct msghdr){ .msg_name = &ends[i],
		    .msg_iov = &parts[i], .msg_iovlen = 1 };
		m->msg_namelen = set_end(&ends[i], w,
		    &queue.packet[first + i].ends.to);
		set_source(m, &controls[i], w,
		    &queue.packet[first + i].ends.from);
	}
	for (unsigned done = 0; done < n; ) {
		int sent = sendmmsg(w->fd, messages + done, n - done,
		    w->key.unicast ? 0 : MSG_DONTROUTE);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && failed != NULL)
			failed(w, errno);
		done += sent < 0 ? 1 : (unsigned)sent;
	}
}

void
vr_wire_flush(void (*failed)(const struct vr_wire *, int error))
{
	unsigned first = 0, end;

	while (first < queue.count) {
		for (end = first; end < queue.count &&
		    queue.packet[end].by == queue.packet[first].by; end++)
			;
		send_some(first, end - first, failed);
		first = end;
	}
	vr_wire_discard();
}

void
vr_wire_discard(void)
{
	queue.count = 0;
	queue.used = 0;
}

void
vr_wire_send(struct vr_wire *w, const struct vr_packet_ends *ends,
    const uint8_t *bytes, size_t len)
{
	NEED(len <= VR_PACKET_ROOM);
	if (queue.count == QUEUE || queue.used + len > QUEUE_BYTES)
		vr_wire_flush(NULL);
	queue.packet[queue.count].by = w;
	queue.packet[queue.count].ends = *ends;
	queue.packet[queue.count].at = queue.used;
	queue.packet[queue.count].len = len;
	memcpy(queue.bytes + queue.used, bytes, len);
	queue.used += len;
	queue.count++;
}

/* ---- receiving */

/* IPv6: the destination and the hop limit stand beside the packet. */
static void
read_control(struct msghdr *m, struct vr_packet_seen *s)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	    c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&s->hops, CMSG_DATA(c), sizeof s->hops);
		if (c->cmsg_type == IPV6_PKTINFO) {
			s->to.len = 16;
			memcpy(s->to.at, CMSG_DATA(c), 16);
		}
	}
}

unsigned
vr_wire_receive(struct vr_wire *w, struct vr_packet_seen seen[VR_WIRE_BATCH])
{
	static uint8_t bytes[VR_WIRE_BATCH][VR_PACKET_ROOM + 64];
	static union control controls[VR_WIRE_BATCH];
	static union end from[VR_WIRE_BATCH];
	struct mmsghdr messages[VR_WIRE_BATCH];
	struct iovec parts[VR_WIRE_BATCH];
	int n;

	for (unsigned i = 0; i < VR_WIRE_BATCH; i++) {
		parts[i] = (struct iovec){ bytes[i], sizeof bytes[i] };
		messages[i].msg_hdr = (struct msghdr){
		    .msg_iov = &parts[i], .msg_iovlen = 1,
		    .msg_name = &from[i], .msg_namelen = sizeof from[i],
		    .msg_control = controls[i].room,
		    .msg_controllen = sizeof controls[i].room };
	}
	n = recvmmsg(w->fd, messages, VR_WIRE_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		seen[i] = (struct vr_packet_seen){ .bytes = {
		    (const char *)bytes[i], messages[i].msg_len } };
		if (w->key.family == 4)
			continue;
		seen[i].from.len = 16;
		memcpy(seen[i].from.at, &from[i].in6.sin6_addr, 16);
		read_control(&messages[i].msg_hdr, &seen[i]);
	}
	return n < 0 ? 0 : (unsigned)n;
}
