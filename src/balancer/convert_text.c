/* SPDX-License-Identifier: ISC */
/* convert_text.c - encodings, digests, dates. On the scene's loop. */
#include <arpa/inet.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include "balancer/convert_text.h"
#include "balancer/digest.h"
#include "balancer/world.h"
#include "base/clock.h"

static bool
put(struct lb_value *v, enum lb_type type, const char *at, size_t len)
{
	v->type = type;
	v->text = (struct text){ at, len };
	return true;
}

#define CONVERTER(name)							\
static bool								\
do_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)

/* ---- encodings --------------------------------------------------------- */

static bool
encode(struct lb_scene *c, struct lb_value *v, bool for_urls)
{
	size_t room = (v->text.len + 2) / 3 * 4 + 1;
	char *to = lb_scene_room(c, room);
	int len;

	if (to == NULL)
		return false;
	len = EVP_EncodeBlock((unsigned char *)to,
	    (const unsigned char *)v->text.at, (int)v->text.len);
	for (int i = 0; for_urls && i < len; i++)
		to[i] = (char)(to[i] == '+' ? '-' : to[i] == '/' ? '_' :
		    to[i]);
	while (for_urls && len > 0 && to[len - 1] == '=')
		len--;
	return put(v, LB_TYPE_STR, to, (size_t)len);
}

CONVERTER(base64)
{
	return encode(c, v, false);
}

CONVERTER(ub64enc)
{
	return encode(c, v, true);
}

bool
lb_convert_text_base64(struct lb_scene *c, struct lb_value *v, bool for_urls)
{
	size_t len = v->text.len, padded = (len + 3) / 4 * 4, pads = 0;
	char *from = lb_scene_room(c, padded + 1);
	char *to = lb_scene_room(c, padded / 4 * 3 + 1);
	int got;

	if (from == NULL || to == NULL || (!for_urls && len != padded))
		return false;
	for (size_t i = 0; i < padded; i++) {
		char one = i < len ? v->text.at[i] : '=';

		from[i] = (char)(!for_urls ? one : one == '-' ? '+' :
		    one == '_' ? '/' : one);
	}
	while (pads < padded && from[padded - 1 - pads] == '=')
		pads++;
	got = EVP_DecodeBlock((unsigned char *)to, (unsigned char *)from,
	    (int)padded);
	if (got < 0 || pads > 2)
		return false;
	return put(v, LB_TYPE_BIN, to, (size_t)got - pads);
}

CONVERTER(b64dec)
{
	return lb_convert_text_base64(c, v, false);
}

CONVERTER(ub64dec)
{
	return lb_convert_text_base64(c, v, true);
}

CONVERTER(base2)
{
	char *to = lb_scene_room(c, v->text.len * 8);

	if (to == NULL)
		return false;
	for (size_t i = 0; i < v->text.len * 8; i++)
		to[i] = (char)('0' +
		    (((unsigned char)v->text.at[i / 8] >> (7 - i % 8)) & 1));
	return put(v, LB_TYPE_STR, to, v->text.len * 8);
}

static int
hex_digit(char x)
{
	return isdigit((unsigned char)x) ? x - '0' :
	    isxdigit((unsigned char)x) ? tolower((unsigned char)x) - 'a' +
	    10 : -1;
}

CONVERTER(hex2i)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v->text.len; i++) {
		int digit = hex_digit(v->text.at[i]);

		if (digit < 0)
			return false;
		n = n << 4 | (unsigned)digit;
	}
	return lb_scene_number(v, (int64_t)n);
}

CONVERTER(htonl)
{
	char *to = lb_scene_room(c, 4);
	uint32_t n = htonl((uint32_t)v->number);

	if (to == NULL)
		return false;
	memcpy(to, &n, 4);
	return put(v, LB_TYPE_BIN, to, 4);
}

CONVERTER(url_dec)
{
	bool form = a[0].kind != LB_ARG_NONE && a[0].number != 0;
	char *to = lb_scene_room(c, v->text.len + 1);
	struct text t = v->text;
	bool query = form;
	size_t len = 0;

	if (to == NULL)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '%' && i + 2 < t.len &&
		    hex_digit(t.at[i + 1]) >= 0 &&
		    hex_digit(t.at[i + 2]) >= 0) {
			to[len++] = (char)(hex_digit(t.at[i + 1]) * 16 +
			    hex_digit(t.at[i + 2]));
			i += 2;
		} else {
			to[len++] = t.at[i] == '+' && query ? ' ' : t.at[i];
		}
		query = query || t.at[i] == '?';
	}
	return put(v, LB_TYPE_STR, to, len);
}

CONVERTER(url_enc)
{
	char *to = lb_scene_room(c, v->text.len * 3 + 1);
	size_t len = 0;

	if (to == NULL)
		return false;
	for (size_t i = 0; i < v->text.len; i++) {
		unsigned char one = (unsigned char)v->text.at[i];

		if (isalnum(one) || strchr("-._~", one) != NULL)
			to[len++] = (char)one;
		else
			len += (size_t)snprintf(to + len, 4, "%%%02X", one);
	}
	return put(v, LB_TYPE_STR, to, len);
}

/* What must not stand in a JSON text as it is. */
CONVERTER(json)
{
	char *to = lb_scene_room(c, v->text.len * 6 + 1);
	size_t len = 0;

	if (to == NULL)
		return false;
	for (size_t i = 0; i < v->text.len; i++) {
		unsigned char one = (unsigned char)v->text.at[i];

		if (strchr("\"\\/", one) != NULL && one != '\0') {
			to[len++] = '\\';
			to[len++] = (char)one;
		} else if (one < ' ') {
			snprintf(to + len, 7, "\\u%04x", one);
			len += 6;
		} else {
			to[len++] = (char)one;
		}
	}
	return put(v, LB_TYPE_STR, to, len);
}

CONVERTER(cut_crlf)
{
	size_t n = 0;

	while (n < v->text.len && v->text.at[n] != '\r' &&
	    v->text.at[n] != '\n')
		n++;
	v->text.len = n;
	return true;
}

CONVERTER(reverse)
{
	size_t n = v->text.len;
	char *to = lb_scene_room(c, n + 1);

	if (to == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		to[i] = v->text.at[n - 1 - i];
	return put(v, LB_TYPE_STR, to, n);
}

/* a.b.c: c.b.a */
CONVERTER(reverse_dom)
{
	size_t end = v->text.len, len = 0;
	char *to = lb_scene_room(c, end + 1);

	if (to == NULL)
		return false;
	for (size_t i = end; i-- > 0;) {
		if (v->text.at[i] != '.' && i > 0)
			continue;
		if (v->text.at[i] == '.') {
			memcpy(to + len, v->text.at + i + 1, end - i - 1);
			len += end - i - 1;
			to[len++] = '.';
			end = i;
		} else {
			memcpy(to + len, v->text.at, end);
			len += end;
		}
	}
	return put(v, LB_TYPE_STR, to, len);
}

/* ---- numbers in bytes -------------------------------------------------- */

/* Chunks of some bytes, each a number, a separator between them. */
static bool
print_chunks(struct lb_scene *c, const struct lb_arg *a, bool little,
    struct lb_value *v)
{
	size_t size = (size_t)a[1].number, room, len = 0;
	bool cut = a[2].kind != LB_ARG_NONE && a[2].number != 0;
	char *to = c->room + c->used;

	room = sizeof c->room - c->used;
	if (size == 0 || size > 8)
		return false;
	for (size_t i = 0; i < v->text.len; i += size) {
		size_t n = v->text.len - i < size ? v->text.len - i : size;
		uint64_t sum = 0;

		if (n < size && cut)
			break;
		for (size_t k = 0; k < n; k++)
			sum = sum << 8 | (unsigned char)
			    v->text.at[little ? i + n - 1 - k : i + k];
		len += (size_t)snprintf(to + len, room - len, "%s%llu",
		    i == 0 ? "" : a[0].text, (unsigned long long)sum);
		if (len >= room)
			return false;
	}
	c->used += len;
	return put(v, LB_TYPE_STR, to, len);
}

CONVERTER(be2dec)
{
	return print_chunks(c, a, false, v);
}

CONVERTER(le2dec)
{
	return print_chunks(c, a, true, v);
}

CONVERTER(be2hex)
{
	static const char digits[] = "0123456789ABCDEF";
	struct text seps = text_of(a[0].kind == LB_ARG_NONE ? "" : a[0].text);
	size_t size = a[1].kind == LB_ARG_NONE ? 1 : (size_t)a[1].number;
	bool cut = a[2].kind != LB_ARG_NONE && a[2].number != 0;
	char *to = lb_scene_room(c, v->text.len * (2 + seps.len) + 1);
	size_t len = 0, whole = v->text.len;

	if (to == NULL || size == 0)
		return false;
	if (cut)
		whole -= whole % size;
	for (size_t i = 0; i < whole; i++) {
		if (i > 0 && i % size == 0 && seps.len > 0) {
			memcpy(to + len, seps.at, seps.len);
			len += seps.len;
		}
		to[len++] = digits[(unsigned char)v->text.at[i] >> 4];
		to[len++] = digits[(unsigned char)v->text.at[i] & 15];
	}
	return put(v, LB_TYPE_STR, to, len);
}

CONVERTER(ip_ver)
{
	return v->text.len > 0 &&
	    lb_scene_number(v, (unsigned char)v->text.at[0] >> 4);
}

/* ---- digests ----------------------------------------------------------- */

static bool
digest(struct lb_scene *c, const EVP_MD *md, struct lb_value *v)
{
	char *to = lb_scene_room(c, EVP_MAX_MD_SIZE);
	unsigned len = 0;

	if (to == NULL || md == NULL || EVP_Digest(v->text.at, v->text.len,
	    (unsigned char *)to, &len, md, NULL) != 1)
		return false;
	return put(v, LB_TYPE_BIN, to, len);
}

CONVERTER(md5)
{
	return digest(c, EVP_md5(), v);
}

CONVERTER(sha1)
{
	return digest(c, EVP_sha1(), v);
}

CONVERTER(sha2)
{
	switch (a[0].kind == LB_ARG_NONE ? 256 : a[0].number) {
	case 224:
		return digest(c, EVP_sha224(), v);
	case 256:
		return digest(c, EVP_sha256(), v);
	case 384:
		return digest(c, EVP_sha384(), v);
	case 512:
		return digest(c, EVP_sha512(), v);
	}
	return false;
}

CONVERTER(digest)
{
	return digest(c, EVP_get_digestbyname(a[0].text), v);
}

/* The key is told in base64. */
CONVERTER(hmac)
{
	const EVP_MD *md = EVP_get_digestbyname(a[0].text);
	struct lb_value key = { .text = text_of(a[1].text) };
	char *to = lb_scene_room(c, EVP_MAX_MD_SIZE);
	unsigned len = 0;

	if (to == NULL || md == NULL || !lb_convert_text_base64(c, &key, false) ||
	   
	    HMAC(md, key.text.at, (int)key.text.len,
	    (const unsigned char *)v->text.at, v->text.len,
	    (unsigned char *)to, &len) == NULL)
		return false;
	return put(v, LB_TYPE_BIN, to, len);
}

CONVERTER(crc32c)
{
	return lb_scene_number(v, lb_digest_crc32c(v->text));
}

CONVERTER(xxh32)
{
	return lb_scene_number(v, lb_digest_xxh32(v->text,
	    a[0].kind == LB_ARG_NONE ? 0 : (uint32_t)a[0].number));
}

CONVERTER(xxh64)
{
	return lb_scene_number(v, (int64_t)lb_digest_xxh64(v->text,
	    a[0].kind == LB_ARG_NONE ? 0 : (uint64_t)a[0].number));
}

/* ---- dates ------------------------------------------------------------- */

static bool
print_date(struct lb_scene *c, const struct lb_arg *a, int64_t unit,
    bool local, struct lb_value *v)
{
	size_t room = sizeof c->room - c->used, len;
	char *to = c->room + c->used;
	time_t when = (time_t)(v->number / (CLOCK_SECOND / unit) +
	    (a[1].kind == LB_ARG_NONE ? 0 : a[1].number));
	struct tm tm;

	if ((local ? localtime_r(&when, &tm) : gmtime_r(&when, &tm)) == NULL)
		return false;
	/* The form is the user's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	len = strftime(to, room, a[0].text, &tm);
#pragma GCC diagnostic pop
	c->used += len;
	return put(v, LB_TYPE_STR, to, len);
}

#define DATE(name, unit, local)						\
CONVERTER(name)								\
{									\
	return print_date(c, a, unit, local, v);			\
}
DATE(ltime, CLOCK_SECOND, true)
DATE(utime, CLOCK_SECOND, false)
DATE(ms_ltime, CLOCK_MS, true)
DATE(ms_utime, CLOCK_MS, false)
DATE(us_ltime, 1, true)
DATE(us_utime, 1, false)

/* ---- others ------------------------------------------------------------ */

/* a=1&b=2: the value of a name. */
CONVERTER(param)
{
	const char *seps = a[1].kind == LB_ARG_NONE ? "&" : a[1].text;
	struct text rest = v->text, one, name;

	while (text_word(&rest, seps, &one)) {
		struct text value = one;

		text_split(&value, '=', &name);
		if (!text_is(name, a[0].text))
			continue;
		v->text = value.at == NULL ? (struct text){ "", 0 } : value;
		return true;
	}
	return false;
}

/* [backend/]server: sessions that wait for it. */
CONVERTER(srv_queue)
{
	struct text rest = v->text, first;
	struct lb_proxy *p = c->session == NULL ? NULL : c->session->backend;
	struct lb_server *s;
	char name[256];

	text_split(&rest, '/', &first);
	if (rest.at != NULL) {
		snprintf(name, sizeof name, "%.*s", TEXT_ARG(first));
		p = lb_world_backend(name);
		first = rest;
	}
	snprintf(name, sizeof name, "%.*s", TEXT_ARG(first));
	s = p == NULL ? NULL : lb_proxy_server(p, name);
	if (s == NULL)
		return false;
	lb_proxy_lock(p);
	lb_scene_number(v, s->queue.count);
	lb_proxy_unlock(p);
	return true;
}

/* "0.8" of ";q=0.8", in thousandths; 1000: not said. */
static int
weigh(struct text options)
{
	struct text rest = options, one, value;
	char number[16];

	while (rest.len > 0 && text_split(&rest, ';', &one)) {
		value = text_trim(one);
		if (!text_begins(value, "q="))
			continue;
		snprintf(number, sizeof number, "%.*s",
		    TEXT_ARG(text_from(value, 2)));
		if (isdigit((unsigned char)number[0]))
			return (int)(strtod(number, NULL) * 1000);
	}
	return 1000;
}

/* en of en-us, when the list has no more. */
static bool
is_language(struct text asked, struct text known)
{
	return text_compare(asked, known) == 0 || (asked.len > known.len &&
	    asked.at[known.len] == '-' && memcmp(asked.at, known.at,
	    known.len) == 0);
}

/* The best of Accept-Language that stands in the list "en;fr;de". */
CONVERTER(language)
{
	struct text rest = v->text, one, name, list, known, best = TEXT_NONE;
	int most = 0, weight;

	while (rest.len > 0 && text_split(&rest, ',', &one)) {
		one = text_trim(one);
		text_split(&one, ';', &name);
		weight = weigh(one);
		list = text_of(a[0].text);
		while (list.len > 0 && text_split(&list, ';', &known))
			if (weight > most &&
			    is_language(text_trim(name), known)) {
				best = known;
				most = weight;
			}
	}
	if (best.at == NULL && a[1].kind == LB_ARG_NONE)
		return false;
	v->text = best.at != NULL ? best : text_of(a[1].text);
	return true;
}

/* Slots of captures belong to HTTP: the value goes on. */
CONVERTER(capture)
{
	return true;
}

CONVERTER(x509_error)
{
	v->type = LB_TYPE_STR;
	v->text = text_of(X509_verify_cert_error_string((long)v->number));
	return true;
}

/* Shown nowhere: there is no trace to show it in. */
CONVERTER(debug)
{
	return true;
}

const struct lb_scene_row lb_convert_text_rows[] = {
	{ "base64", do_base64 }, { "b64dec", do_b64dec },
	{ "ub64enc", do_ub64enc }, { "ub64dec", do_ub64dec },
	{ "base2", do_base2 }, { "hex2i", do_hex2i }, { "htonl", do_htonl },
	{ "url_dec", do_url_dec }, { "url_enc", do_url_enc },
	{ "json", do_json }, { "cut_crlf", do_cut_crlf },
	{ "reverse", do_reverse }, { "reverse_dom", do_reverse_dom },
	{ "be2dec", do_be2dec }, { "le2dec", do_le2dec },
	{ "be2hex", do_be2hex }, { "ip.ver", do_ip_ver },
	{ "md5", do_md5 }, { "sha1", do_sha1 }, { "sha2", do_sha2 },
	{ "digest", do_digest }, { "hmac", do_hmac },
	{ "crc32c", do_crc32c }, { "xxh32", do_xxh32 },
	{ "xxh64", do_xxh64 },
	{ "ltime", do_ltime }, { "utime", do_utime },
	{ "ms_ltime", do_ms_ltime }, { "ms_utime", do_ms_utime },
	{ "us_ltime", do_us_ltime }, { "us_utime", do_us_utime },
	{ "param", do_param }, { "srv_queue", do_srv_queue },
	{ "x509_v_err_str", do_x509_error }, { "debug", do_debug },
	{ "language", do_language }, { "capture-req", do_capture },
	{ "capture-res", do_capture },
	{ NULL, NULL }
};
