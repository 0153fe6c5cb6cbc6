/* SPDX-License-Identifier: ISC */
/*
 * notice.h - the fields of an ErrorResponse or NoticeResponse. Every field
 * that is absent has a value, so nobody has to ask: severity "ERROR", code
 * "08P01" (a server that names none broke the protocol), the rest "".
 * Texts are borrowed from the body. Pure; any thread.
 */
#ifndef WEIR_PG_NOTICE_H
#define WEIR_PG_NOTICE_H

#include "base/text.h"

struct notice {
	struct text severity;		/* S: may be in the server's language */
	struct text level;		/* V: never translated; absent: as S */
	struct text code;		/* C: five characters */
	struct text message;		/* M */
	struct text detail;		/* D */
	struct text hint;		/* H */
	struct text position;		/* P */
	struct text where;		/* W */
};

/*
 * 0, or -1: the body is malformed (a field without NUL, no terminator, bytes
 * behind it); *to is filled with what was read until then either way.
 * Unknown fields are skipped; of a repeated one the first counts. A code
 * that is not five letters or digits counts as absent.
 */
int	notice_parse(struct text body, struct notice *to);

/* The connection ends after it: FATAL or PANIC. */
bool	notice_is_fatal(const struct notice *);

#endif
