/* SPDX-License-Identifier: ISC */
/*
 * jsonpath.h - one value of a JSON text, by a path of names and numbers:
 * $.a.b[2].c. What stands behind the value is not looked at. Pure.
 */
#ifndef WEIR_BALANCER_JSONPATH_H
#define WEIR_BALANCER_JSONPATH_H

#include "base/text.h"

enum lb_json {
	LB_JSON_NONE,		/* not there, or no JSON so far */
	LB_JSON_NULL, LB_JSON_TRUE, LB_JSON_FALSE, LB_JSON_NUMBER,
	LB_JSON_STRING, LB_JSON_ARRAY, LB_JSON_OBJECT
};

/* raw: the value as it stands; of a string what is between the quotes. */
enum lb_json lb_jsonpath_find(struct text json, const char *path,
	    struct text *raw);
/* A string's escapes become what they mean; at most raw.len bytes. */
size_t	lb_jsonpath_unescape(struct text raw, char *to);

#endif
