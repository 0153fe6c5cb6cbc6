/* SPDX-License-Identifier: ISC */
/* coding.c - bytes as text. Any thread. */
#include <limits.h>

#include <openssl/evp.h>

#include "balancer/coding.h"
#include "base/mem.h"

/* How many of its last characters are '='. */
static size_t
padding_of(const char *at, size_t len)
{
	size_t pad = 0;

	while (pad < 2 && pad < len && at[len - 1 - pad] == '=')
		pad++;
	return pad;
}

int
lb_coding_from_base64(struct text t, struct text *to)
{
	char *plain = mem_get(t.len + 1);
	unsigned char *bytes = mem_get(t.len + 4);
	size_t n = 0;
	int len = -1;

	for (size_t i = 0; plain != NULL && i < t.len; i++)
		if (!text_is_space(t.at[i]))
			plain[n++] = t.at[i];
	if (plain != NULL && bytes != NULL && n > 0 && n % 4 == 0 &&
	    n < INT_MAX)
		len = EVP_DecodeBlock(bytes, (unsigned char *)plain, (int)n);
	if (len > 0)
		len -= (int)padding_of(plain, n);
	mem_drop(plain);
	if (len <= 0) {
		mem_drop(bytes);
		return -1;
	}
	*to = (struct text){ (char *)bytes, (size_t)len };
	return 0;
}

void
lb_coding_base64(const void *bytes, size_t len, struct sheet *to)
{
	char *at = sheet_room(to, len / 3 * 4 + 5);

	if (at != NULL)
		to->len += (size_t)EVP_EncodeBlock((unsigned char *)at, bytes,
		    (int)len);
}

void
lb_coding_hex(const unsigned char *bytes, size_t len, struct sheet *to)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		sheet_char(to, digits[bytes[i] >> 4]);
		sheet_char(to, digits[bytes[i] & 15]);
	}
}
