/* SPDX-License-Identifier: ISC */
/* columns.c - the rows, in the order of the statistics file. */
#include <string.h>

#include "vrrp/columns.h"

#define AT(field)	true, offsetof(struct vr_live_counts, field)
#define NEVER		false, 0

#define ADVERTS		"Advertisements"
#define PACKETS		"Packet Errors"
#define AUTH		"Authentication Errors"
#define EXTENSION	"Authentication Extension Errors"
#define ZERO		"Priority Zero"

const struct vr_column vr_columns[VR_COLUMNS] = {
	{ "advert_rcvd", ADVERTS, "Received",
	    "advertisements_received_total", "adverts heard",
	    AT(advert_received) },
	{ "advert_sent", ADVERTS, "Sent", "advertisements_sent_total",
	    "adverts sent", AT(advert_sent) },
	{ "become_master", NULL, "Became master", "become_master_total",
	    "times it became master", AT(become_master) },
	{ "release_master", NULL, "Released master", "release_master_total",
	    "times it ceased to be master", AT(release_master) },
	{ "packet_len_err", PACKETS, "Length",
	    "packet_length_errors_total", "packets of a wrong length",
	    AT(length) },
	{ "ip_ttl_err", PACKETS, "TTL", "ip_ttl_errors_total",
	    "packets of a wrong TTL", AT(ttl) },
	{ "invalid_type_rcvd", PACKETS, "Invalid Type",
	    "invalid_type_received_total", "packets of a wrong type",
	    AT(type) },
	{ "advert_interval_err", PACKETS, "Advertisement Interval",
	    "advertisements_interval_errors_total",
	    "adverts of another interval", AT(interval) },
	{ "addr_list_err", PACKETS, "Address List",
	    "address_list_errors_total", "adverts of other addresses",
	    AT(address_list) },
	{ "invalid_authtype", AUTH, "Invalid Type",
	    "authentication_invalid_total", "unknown authentication",
	    AT(auth_type) },
	{ "authtype_mismatch", AUTH, "Type Mismatch",
	    "authentication_mismatch_total", "other authentication",
	    AT(auth_mismatch) },
	{ "auth_failure", AUTH, "Failure", "authentication_failure_total",
	    "wrong password", AT(auth_failure) },
	{ "auth_ext_missing", EXTENSION, "Missing", NULL, NULL, NEVER },
	{ "auth_ext_malformed", EXTENSION, "Malformed", NULL, NULL, NEVER },
	{ "auth_ext_unknown_key", EXTENSION, "Unknown Key", NULL, NULL,
	    NEVER },
	{ "auth_ext_invalid_hmac", EXTENSION, "Invalid HMAC", NULL, NULL,
	    NEVER },
	{ "auth_ext_stale", EXTENSION, "Stale", NULL, NULL, NEVER },
	{ "auth_ext_replay", EXTENSION, "Replay", NULL, NULL, NEVER },
	{ "pri_zero_rcvd", ZERO, "Received",
	    "priority_zero_received_total", "adverts of priority 0 heard",
	    AT(zero_received) },
	{ "pri_zero_sent", ZERO, "Sent", "priority_zero_sent_total",
	    "adverts of priority 0 sent", AT(zero_sent) }
};

uint64_t
vr_column_value(const struct vr_column *c, const struct vr_live_counts *from)
{
	uint64_t value = 0;

	if (c->counted)
		memcpy(&value, (const char *)from + c->at, sizeof value);
	return value;
}
