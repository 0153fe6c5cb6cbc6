/* SPDX-License-Identifier: ISC */
/*
 * packet.h - adverts as bytes: builds ours and checks theirs, version 2 and
 * 3, IPv4 and IPv6. Pure: knows no socket and no clock. What a check refuses
 * is a row with its counter and its words; nothing refused touches a timer.
 */
#ifndef WEIR_VRRP_PACKET_H
#define WEIR_VRRP_PACKET_H

#include "base/text.h"
#include "vrrp/live.h"

enum {
	VR_PACKET_PROTOCOL = 112,
	VR_PACKET_ADDRESSES = 255,
	VR_PACKET_ROOM = 20 + 8 + VR_PACKET_ADDRESSES * 16 + 8,
	VR_PACKET_PASS = 8
};

/* How the adverts of one instance look; from the file, fixed between reloads. */
struct vr_packet_form {
	uint8_t version, vrid;
	uint8_t family;			/* 4 or 6 */
	bool unicast;
	bool pass;			/* v2: a password is in each */
	uint8_t password[VR_PACKET_PASS];	/* zero padded */
	int64_t interval;		/* us */
	struct vr_ip group;		/* multicast: where they go */
	uint8_t ttl;			/* ours leave with */
	bool checksum_v2;		/* v3, IPv4: no pseudo header */
	bool checksum_group;		/* unicast: group in the pseudo header */
	bool group_sum_too;		/* theirs may have it, ours not */
	bool skip_list;			/* do not compare the addresses */
	bool owner_ignore;		/* an advert with 255 is dropped */
	bool check_source;		/* unicast: only from our peers */
	uint16_t count;
	const uint8_t (*address)[16];	/* in the order of the file */
	uint16_t peer_count;
	const struct vr_packet_peer *peers;
};

struct vr_packet_peer {
	struct vr_ip ip;
	uint8_t min_ttl, max_ttl;
};

struct vr_packet_ends {			/* one packet's way */
	struct vr_ip from, to;
	uint16_t id;			/* IPv4 header */
};

/* Returns its length: IPv4 with the IP header in front, IPv6 without. */
size_t	vr_packet_build(const struct vr_packet_form *, uint8_t priority,
	    const struct vr_packet_ends *, uint8_t room[VR_PACKET_ROOM]);

/* What came: the bytes (IPv4 with its IP header) and what the kernel tells. */
struct vr_packet_seen {
	struct text bytes;
	struct vr_ip from, to;		/* IPv4: filled in from the header */
	int hops;			/* IPv6; IPv4: from the header */
};

struct vr_packet_advert {
	uint8_t version, vrid, priority, count;
	int64_t interval;		/* us */
	bool odd_interval;		/* v3: not as ours */
	bool odd_list;			/* addresses are not ours: told only */
	bool group_sum;			/* its checksum is the old unicast one */
};

enum vr_packet_verdict {
	VR_PACKET_GOOD,
	VR_PACKET_SHORT, VR_PACKET_HEADER, VR_PACKET_LENGTH, VR_PACKET_TTL,
	VR_PACKET_VERSION, VR_PACKET_AUTH_HEADER, VR_PACKET_AUTH_TYPE,
	VR_PACKET_AUTH_OTHER, VR_PACKET_AUTH_WRONG, VR_PACKET_INTERVAL,
	VR_PACKET_TYPE, VR_PACKET_TOTAL, VR_PACKET_INTERVAL_ZERO,
	VR_PACKET_CHECKSUM, VR_PACKET_CAST, VR_PACKET_OWNER,
	VR_PACKET_STRANGER, VR_PACKET_PEER_TTL,
	VR_PACKET_VERDICTS
};

/*
 * Which router is meant? Fills in from, to and hops of an IPv4 packet. -1: so
 * short or broken that nobody is.
 */
int	vr_packet_vrid(struct vr_packet_seen *, uint8_t family);
/* All checks, in their order; the advert is filled in as far as it was read. */
enum vr_packet_verdict vr_packet_check(const struct vr_packet_form *,
	    const struct vr_packet_seen *, struct vr_packet_advert *);
/* Counts it, in the statistics' own row. */
void	vr_packet_count(struct vr_live_counts *, enum vr_packet_verdict);
/* What the log says of a refused one; returns buf. */
enum { VR_PACKET_WORDS = 256 };
const char *vr_packet_explain(const struct vr_packet_form *,
	    const struct vr_packet_seen *, const struct vr_packet_advert *,
	    enum vr_packet_verdict, char buf[VR_PACKET_WORDS]);

bool	vr_packet_ip_same(const struct vr_ip *, const struct vr_ip *);
/* As memcmp on the addresses in network order. */
int	vr_packet_ip_compare(const struct vr_ip *, const struct vr_ip *);
bool	vr_packet_ip_multicast(const struct vr_ip *);
enum { VR_PACKET_IP_TEXT = 48 };
const char *vr_packet_ip_print(const struct vr_ip *,
	    char buf[VR_PACKET_IP_TEXT]);

#endif
