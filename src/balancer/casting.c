/* SPDX-License-Identifier: ISC */
/* casting.c - one type made of another. On the scene's loop. */
#include <arpa/inet.h>

#include <ctype.h>
#include <stdio.h>

#include "balancer/casting.h"

static bool
print(struct lb_scene *c, struct lb_value *v, const char *text)
{
	size_t len = strlen(text);
	char *to = lb_scene_room(c, len + 1);

	if (to == NULL)
		return false;
	memcpy(to, text, len + 1);
	v->text = (struct text){ to, len };
	v->type = LB_TYPE_STR;
	return true;
}

bool
lb_casting_text(struct lb_scene *c, struct lb_value *v)
{
	char buf[INET6_ADDRSTRLEN];

	switch (v->type) {
	case LB_TYPE_STR:
	case LB_TYPE_BIN:
	case LB_TYPE_METH:
		return true;
	case LB_TYPE_BOOL:
	case LB_TYPE_INT:
		snprintf(buf, sizeof buf, "%lld", (long long)v->number);
		return print(c, v, buf);
	case LB_TYPE_IPV4:
		return inet_ntop(AF_INET, v->ip, buf, sizeof buf) != NULL &&
		    print(c, v, buf);
	case LB_TYPE_IPV6:
		return inet_ntop(AF_INET6, v->ip, buf, sizeof buf) != NULL &&
		    print(c, v, buf);
	case LB_TYPE_ANY:
	case LB_TYPE_SAME:
	case LB_TYPE_ADDR:
		break;
	}
	return false;
}

/* As far as there are digits; "" is none. */
bool
lb_casting_digits(struct text t, int64_t *to)
{
	size_t i = 0;
	bool minus = t.len > 0 && t.at[0] == '-';
	int64_t n = 0;

	for (i = minus; i < t.len && isdigit((unsigned char)t.at[i]); i++)
		if (n < INT64_MAX / 10 - 9)
			n = n * 10 + (t.at[i] - '0');
	*to = minus ? -n : n;
	return i > (size_t)minus;
}

bool
lb_casting_number(struct lb_value *v)
{
	uint32_t word;

	switch (v->type) {
	case LB_TYPE_BOOL:
	case LB_TYPE_INT:
		break;
	case LB_TYPE_STR:
	case LB_TYPE_BIN:
		if (!lb_casting_digits(v->text, &v->number))
			return false;
		break;
	case LB_TYPE_IPV4:
		memcpy(&word, v->ip, sizeof word);
		v->number = ntohl(word);
		break;
	default:
		return false;
	}
	v->type = LB_TYPE_INT;
	return true;
}

bool
lb_casting_address(struct lb_value *v)
{
	struct address a;
	struct endpoint e;

	if (v->type == LB_TYPE_IPV4 || v->type == LB_TYPE_IPV6)
		return true;
	if (v->type != LB_TYPE_STR || address_ip(v->text, 0, &a) < 0)
		return false;
	e = address_endpoint(&a);
	v->type = e.family == AF_INET ? LB_TYPE_IPV4 : LB_TYPE_IPV6;
	memcpy(v->ip, e.ip, sizeof v->ip);
	return true;
}
